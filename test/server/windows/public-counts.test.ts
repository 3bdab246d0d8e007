import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import type { WatchedCounts } from "../../../src/protocol/messages.ts";
import { ask, askAs, askConfigured, refusal } from "../../worker-kit/http.ts";
import { fromOldWorker } from "../../worker-kit/old-worker.ts";
import { join, Peer, welcomeOf } from "../../worker-kit/peer.ts";
import { signIn } from "../../worker-kit/sign-in.ts";
import { hibernate } from "../../worker-kit/time.ts";
import { framesOf, settle, shownTo, untilShown } from "../../worker-kit/window.ts";

let rooms = 0;
const newRoom = () => `public-${++rooms}`;
const PATH = "?present=false&view=window&limit=50";

const upgrade = (room: string, headers: Record<string, string> = {}, path = PATH) =>
  ask(`/rooms/${room}${path}`, { headers: { Upgrade: "websocket", ...headers } });

async function watchAs(
  room: string,
  headers: Record<string, string> = {},
  path = PATH,
): Promise<Peer> {
  const answer = await upgrade(room, headers, path);
  if (!answer.webSocket) throw new Error(`refused: ${answer.status} ${await answer.text()}`);
  const peer = new Peer(answer.webSocket);
  await peer.untilType("watching");
  return peer;
}

const bearer = async (user: string, claims = {}) => ({
  Authorization: `Bearer ${await signIn(user, claims)}`,
});

describe("public counts", () => {
  it("[S3.1] are read and watched by anybody, who is never shown a member", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    const stranger = await watchAs(room);
    const { self, expiresAt } = welcomeOf(stranger);
    expect([self, expiresAt]).toEqual([null, undefined]);
    expect(stranger.roll).toMatchObject({ members: [], online: 1, connections: 1 });
    const read = await ask(`/rooms/${room}?fields=counts`);
    expect(read.headers.get("Cache-Control")).toBe("private, no-cache");
    const counts = await read.json<WatchedCounts>();
    expect(counts).toMatchObject({ online: 1, connections: 1, watching: 1 });
    expect(counts).not.toHaveProperty("members");
    await ada.ask({ type: "leave" });
    await untilShown(stranger, (roll) => roll!.online === 0);
    expect(stranger.roll!.members).toEqual([]);
    stranger.send({ type: "watch", add: ["ada"], id: "w" });
    expect(await stranger.untilType("error")).toMatchObject({ code: "room_forbidden", id: "w" });
    stranger.send({ type: "update", status: "busy", id: "u" });
    await stranger.until((frame) => JSON.stringify(frame).includes('"not_present"'));
    await stranger.ask({ type: "sync" });
    await stranger.ask({ type: "leave" });
    expect(await stranger.closed).toEqual({ code: 1000, reason: "left" });
  });

  it("[S3.1] are all that is public, in rooms that are so configured alone", async () => {
    const refused = [401, "unauthenticated"];
    const room = newRoom();
    for (const path of ["", "?view=window", "?view=counts", "?fields=counts&since=a.1"]) {
      const answer = await ask(`/rooms/${room}${path}`);
      if (path.includes("fields")) expect(answer.status).toBe(200);
      else expect(await refusal(answer)).toEqual(refused);
    }
    const paths = ["", "?view=window", "?view=counts", "?present=false", "?present=false&view=x"];
    for (const path of paths) expect(await refusal(await upgrade(room, {}, path))).toEqual(refused);
    for (const other of ["private", "publicity", "PUBLIC"]) {
      expect(await refusal(await upgrade(other))).toEqual(refused);
      expect(await refusal(await ask(`/rooms/${other}?fields=counts`))).toEqual(refused);
    }
    for (const path of ["?present=false&view=counts", "?present=false&limit=0"]) {
      (await upgrade("public", {}, path)).webSocket!.accept();
    }
  });

  it("[S3.2] are told to whoever comes with a credential that fails, or may not read the room", async () => {
    const room = newRoom();
    await join(room, "ada");
    const past = Math.floor(Date.now() / 1000) - 600;
    const strangers = [
      { Authorization: "Bearer forged" },
      { Cookie: "session=forged", Origin: "https://app.example.com" },
      await bearer("eve", { exp: past }),
      await bearer("eve", { rooms: ["other"] }),
    ];
    for (const headers of strangers) {
      const stranger = await watchAs(room, headers);
      expect(stranger.roll).toMatchObject({ members: [], online: 1 });
      const read = await ask(`/rooms/${room}?fields=counts`, { headers });
      expect(await read.json()).toMatchObject({ online: 1 });
    }
    const known = await watchAs(room, await bearer("eve"));
    expect(welcomeOf(known).expiresAt).toEqual(expect.any(String));
    expect(shownTo(known)).toEqual(["ada"]);
  });

  it("[S3.2, T1.3] are told to whoever comes with a ticket that was used", async () => {
    const room = newRoom();
    const body = JSON.stringify({ room });
    const given = await ask("/tickets", { method: "POST", headers: await bearer("eve"), body });
    const { ticket } = await given.json<{ ticket: string }>();
    const path = `${PATH}&ticket=${ticket}`;
    const open = async () => {
      const peer = new Peer((await upgrade(room, {}, path)).webSocket!);
      await peer.untilType("watching");
      return welcomeOf(peer).expiresAt;
    };
    expect(await open()).toEqual(expect.any(String));
    expect(await open()).toBeUndefined();
  });

  it("[S3.1] say nothing of members where the room is one of 0.1.0, which knows no watchers", async () => {
    const room = newRoom();
    await join(room, "ada");
    // It sees neither who joins nor what for, and takes it for a read.
    const ROOMS = {
      getByName: (name: string) => ({
        fetch: () =>
          env.ROOMS.getByName(name).fetch("https://room/", fromOldWorker({ requestId: "r" })),
      }),
    } as unknown as typeof env.ROOMS;
    for (const headers of [{}, await bearer("eve")]) {
      const asked = { Upgrade: "websocket", ...headers };
      const answer = await askConfigured({ ROOMS }, `/rooms/${room}${PATH}`, asked);
      expect(await refusal(answer)).toEqual([503, "room_unavailable"]);
    }
  });

  it("[S3.3, A3.1] are limited by address, and not to pages of any origin", async () => {
    const room = newRoom();
    const headers = { "CF-Connecting-IP": "198.51.100.77" };
    const foreign = await upgrade(room, { Origin: "https://evil.example" });
    expect(await refusal(foreign)).toEqual([403, "origin_forbidden"]);
    let opened = 0;
    // The minute may change once during the test.
    for (; opened <= 121; opened++) {
      // Each in a room of its own: none is full.
      const answer = await upgrade(`${room}-${opened}`, headers);
      if (answer.status !== 101) {
        expect(await refusal(answer)).toEqual([429, "rate_limited"]);
        break;
      }
      answer.webSocket!.accept();
    }
    expect(opened).toBeGreaterThanOrEqual(60);
    expect(opened).toBeLessThan(121);
    // Users who sign in there are not blocked, and a bad credential does not count as a stranger.
    const neighbour = await upgrade(room, { ...headers, ...(await bearer("bob")) }, "");
    neighbour.webSocket!.accept();
    const bad = await upgrade(room, { ...headers, Authorization: "Bearer forged" }, "");
    expect(await refusal(bad)).toEqual([401, "session_invalid"]);
  });

  it("[S3.3, A6.2] hold at most half of a room's connections, and keep nobody else out", async () => {
    const room = newRoom();
    const headers = { "CF-Connecting-IP": "198.51.100.78" };
    const strangers: Peer[] = [];
    for (let each = 0; each < 20; each++) strangers.push(await watchAs(room, headers));
    expect(await refusal(await upgrade(room, headers))).toEqual([503, "room_full"]);
    await watchAs(room, await bearer("eve"));
    await join(room, "ada");
    // A place that becomes free, by a close or a sign-in, is free for the next.
    await strangers[0]!.ask({ type: "leave" });
    await strangers[1]!.ask({ type: "auth", token: await signIn("zoe") });
    for (let each = 0; each < 2; each++) await watchAs(room, headers);
    expect(await refusal(await upgrade(room, headers))).toEqual([503, "room_full"]);
  });

  it("[S3.4, T3.4, O3.1] become a watcher's with a session by a token that is good", async () => {
    const room = newRoom();
    await join(room, "ada");
    const stranger = await watchAs(room);
    const { connection } = welcomeOf(stranger);
    stranger.send({ type: "auth", token: "forged", id: "a" });
    expect(await stranger.untilType("error")).toMatchObject({ code: "session_invalid", id: "a" });
    stranger.frames.splice(0);
    const lines = vi.spyOn(console, "log");
    await stranger.ask({ type: "auth", token: await signIn("eve") });
    const welcome = await stranger.untilType("welcome");
    const logged = lines.mock.calls.map(([line]) => JSON.parse(line as string) as object);
    expect(logged).toMatchObject([
      { event: "leave", connection, reason: "replaced", present: false },
      { event: "join", user: "eve", connection: welcome.connection, present: false },
    ]);
    lines.mockRestore();
    expect(welcome.connection).not.toBe(connection);
    expect(welcome).toMatchObject({ self: null, expiresAt: expect.any(String) });
    await stranger.ask({ type: "watch", add: ["ada"] });
    await untilShown(stranger, () => shownTo(stranger).join() === "ada");
    const counts = await (await askAs("bob", `/rooms/${room}?fields=counts`)).json();
    expect(counts).toMatchObject({ online: 1, watching: 1 });
  });

  it.each([
    ["view=window&limit=2", ["ada", "bob"]],
    ["view=window", ["ada", "bob", "cyd"]],
    ["view=counts", []],
  ])("[S3.4, S4.1] who asked for %s sees it with a good token", async (query, ids) => {
    const room = newRoom();
    for (const id of ["ada", "bob", "cyd"]) await join(room, id);
    const stranger = await watchAs(room, {}, `?present=false&${query}`);
    expect(shownTo(stranger)).toEqual([]);
    await hibernate(room);
    stranger.frames.splice(0);
    await stranger.ask({ type: "auth", token: await signIn("eve") });
    await stranger.untilType("snapshot");
    expect(shownTo(stranger)).toEqual(ids);
    await hibernate(room);
    await join(room, "al");
    await untilShown(stranger, (roll) => roll!.online === 4);
    expect(shownTo(stranger).includes("al")).toBe(ids.length > 0);
  });

  it("[S3.1, T6.1] a stranger's logout ends the connection, or has it wait for a sign-in", async () => {
    const room = newRoom();
    const stranger = await watchAs(room);
    await stranger.ask({ type: "logout" });
    expect(await stranger.closed).toEqual({ code: 1000, reason: "left" });
    expect(env.IN_BAND_AUTH).toBeUndefined();
    await settle(await watchAs(room));
  });

  it("[S3.2, A7.6] are not told where it cannot be found out who comes", async () => {
    const config = { SESSION_FORMAT: "kv" };
    const headers = { Authorization: `Bearer ${"k".repeat(30)}` };
    const failing = { get: () => Promise.reject(new Error("down")) } as unknown as KVNamespace;
    const path = `/rooms/${newRoom()}?fields=counts`;
    const answer = await askConfigured({ ...config, SESSIONS: failing }, path, headers);
    expect(await refusal(answer)).toEqual([503, "session_unavailable"]);
  });

  it("[S3.1] counts of a stranger's window come as to any other", async () => {
    const room = newRoom();
    const [one, other] = [await watchAs(room), await watchAs(room)];
    expect(framesOf(other, "watching").at(-1)).toEqual({ type: "watching", watching: 2 });
    await join(room, "ada");
    for (const peer of [one, other]) await untilShown(peer, (roll) => roll!.online === 1);
  });
});
