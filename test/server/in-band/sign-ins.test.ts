import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createApp } from "../../../src/server/app.ts";
import type { Session } from "../../../src/server/session/session.ts";
import { until } from "../../worker-kit/eventually.ts";
import { readRoom } from "../../worker-kit/http.ts";
import { join, welcomeOf, type Frame, type Peer } from "../../worker-kit/peer.ts";

/** Tokens whose check may end; any other is still being checked. */
const checked = new Set<string>();
/** Those whose check has ended. */
const judged = new Set<string>();

/** A token is `<user>`, `<user> <anything>` or `bad …`; those of `reader` are checked at once. */
async function verify(token: string): Promise<Session | null> {
  const [user = ""] = token.split(" ");
  const isChecked = () => checked.has(token) || user === "reader";
  await until(isChecked);
  judged.add(token);
  if (user === "bad") return null;
  return { user: { id: user }, roles: [], issuedAt: 1, expiresAt: Date.now() + 3_600_000 };
}

// In this isolate, tokens are judged by the rules of the last app.
beforeEach(() => void createApp({ verify }));
afterEach(() => {
  createApp();
  checked.clear();
  judged.clear();
});

let rooms = 0;
const newRoom = () => `sign-ins-${++rooms}`;
const typesIn = (frames: readonly Frame[]) =>
  frames.flatMap((frame) => (frame === "pong" ? [] : [frame.type]));

async function enter(room: string, user: string): Promise<Peer> {
  createApp();
  const peer = await join(room, user);
  createApp({ verify });
  return peer;
}

async function statuses(room: string): Promise<[string, string][]> {
  createApp();
  const { members } = await readRoom(room);
  createApp({ verify });
  return members.map(({ id, status }) => [id, status]);
}

/** Ends a token's check, and waits until the room has applied the result. */
async function endCheck(room: string, token: string): Promise<void> {
  checked.add(token);
  await until(() => judged.has(token));
  await statuses(room);
}

describe("a sign-in that is still being checked", () => {
  it.each(["ada", "bob"])("[T6.2] as %s is void once logout has come", async (user) => {
    const room = newRoom();
    const peer = await enter(room, "ada");
    peer.frames.splice(0);
    peer.send({ type: "auth", token: user, id: "late" });
    await peer.ask({ type: "logout" });
    await endCheck(room, user);
    expect(await statuses(room)).toEqual([["ada", "offline"]]);
    peer.send("ping");
    await peer.until((frame) => frame === "pong");
    expect(JSON.stringify(peer.frames)).not.toContain("late");
    expect(typesIn(peer.frames)).toEqual(["ack", "authenticate"]);
  });

  it("[T6.2] is void for one who has signed in again since, too", async () => {
    const room = newRoom();
    const peer = await enter(room, "ada");
    peer.send({ type: "auth", token: "bob" });
    await peer.ask({ type: "logout" });
    checked.add("cleo");
    await peer.ask({ type: "auth", token: "cleo" });
    await endCheck(room, "bob");
    expect(await statuses(room)).toEqual([
      ["ada", "offline"],
      ["cleo", "online"],
    ]);
  });

  it("[T6.2, T2.3] does not end the socket by a bad token that was sent before the logout", async () => {
    const room = newRoom();
    const peer = await enter(room, "ada");
    peer.send({ type: "auth", token: "bad one" });
    await peer.ask({ type: "logout" });
    await endCheck(room, "bad one");
    checked.add("bob");
    await peer.ask({ type: "auth", token: "bob" });
    expect((await statuses(room))[1]).toEqual(["bob", "online"]);
  });

  it("[T3.6] gives way to one that was sent later, whichever check ends first", async () => {
    for (const order of [
      ["bob", "cleo"],
      ["cleo", "bob"],
    ]) {
      const room = newRoom();
      const peer = await enter(room, "ada");
      peer.frames.splice(0);
      peer.send({ type: "auth", token: "bob" });
      peer.send({ type: "auth", token: "cleo" });
      for (const token of order) await endCheck(room, token);
      const online = (await statuses(room)).filter(([, status]) => status === "online");
      expect(online).toEqual([["cleo", "online"]]);
      const welcomes = peer.frames.filter((frame) => frame !== "pong" && frame.type === "welcome");
      expect(welcomes.at(-1)).toMatchObject({ self: { id: "cleo" } });
      checked.clear();
      judged.clear();
    }
  });

  it("[T3.6] stands where the one that was sent later is bad", async () => {
    const room = newRoom();
    const peer = await enter(room, "ada");
    peer.frames.splice(0);
    peer.send({ type: "auth", token: "bob", id: "good" });
    peer.send({ type: "auth", token: "bad one", id: "bad" });
    await endCheck(room, "bad one");
    expect(await peer.untilType("error")).toMatchObject({ code: "session_invalid", id: "bad" });
    await endCheck(room, "bob");
    expect((await statuses(room))[1]).toEqual(["bob", "online"]);
  });

  it("[T3.1] of the same user as one that was sent later is answered by what is in force", async () => {
    const room = newRoom();
    const peer = await enter(room, "ada");
    peer.frames.splice(0);
    peer.send({ type: "auth", token: "ada first", id: "first" });
    peer.send({ type: "auth", token: "ada second", id: "second" });
    const answered = (id: string) =>
      peer.until((frame) => frame !== "pong" && frame.type === "ack" && frame.id === id);
    await endCheck(room, "ada second");
    await answered("second");
    await endCheck(room, "ada first");
    await answered("first");
    expect(typesIn(peer.frames)).toEqual(["renewed", "ack", "renewed", "ack"]);
  });

  it("[T3.4] brings nobody in where the socket closed meanwhile", async () => {
    const room = newRoom();
    await enter(room, "watcher");
    const peer = await enter(room, "ada");
    expect(welcomeOf(peer).self.id).toBe("ada");
    peer.send({ type: "auth", token: "bob" });
    peer.close(1000, "left");
    await peer.closed;
    await endCheck(room, "bob");
    expect(await statuses(room)).toEqual([
      ["ada", "offline"],
      ["watcher", "online"],
    ]);
  });
});
