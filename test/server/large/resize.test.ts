import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createApp } from "../../../src/server/app.ts";
import { eventually } from "../../worker-kit/eventually.ts";
import { askConfigured, requestTo } from "../../worker-kit/http.ts";
import { objectFor } from "../../worker-kit/large.ts";
import { join, Peer, type Frame } from "../../worker-kit/peer.ts";
import { signIn } from "../../worker-kit/sign-in.ts";
import { query, tablesOf } from "../../worker-kit/time.ts";
import { openWindow, readWindow, unknown, untilShown } from "../../worker-kit/window.ts";

let rooms = 0;
const newRoom = () => `large-resize-${++rooms}`;

beforeEach(() => void vi.spyOn(console, "log").mockImplementation(() => {}));
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const resized = createApp();
/** The environment of the deploy that doubles the number of shards. */
const EIGHT = { ...env, LARGE_ROOMS: "large-*=8" };

/** Joins through a Worker with 8 shards. */
async function joinEight(room: string, user: string): Promise<Peer> {
  const headers = { Upgrade: "websocket", Authorization: `Bearer ${await signIn(user)}` };
  const answer = await resized.request(requestTo(`/rooms/${room}`, { headers }), {}, EIGHT);
  if (!answer.webSocket) throw new Error(`refused: ${answer.status} ${await answer.text()}`);
  const peer = new Peer(answer.webSocket);
  await peer.untilType("snapshot");
  return peer;
}

/** What the shard of so many keeps of a user. */
async function kept(room: string, user: string, of: number): Promise<Record<string, unknown>[]> {
  const object = objectFor(room, user, of);
  const tables = JSON.stringify(await tablesOf(object));
  if (!tables.includes('"members"')) return [];
  return query(object, `SELECT id, chosen FROM members WHERE id = '${user}'`);
}

describe("another number of shards", () => {
  it("[N6.1] a user in two shards is one member, with the sum of connections and the newest choice", async () => {
    const room = newRoom();
    const [ada, eve] = [await join(room, "ada"), await openWindow(room, "eve")];
    await eve.ask({ type: "watch", add: ["ada"] });
    await untilShown(eve, (roll) => roll!.members[0]?.connections === 1);
    eve.frames.splice(0);
    await ada.ask({ type: "update", status: "busy" });
    const late = await joinEight(room, "ada");
    expect(late.frames[0]).toMatchObject({ type: "welcome", self: { chosen: "busy" } });
    await untilShown(eve, (roll) => roll!.members[0]?.connections === 2);
    expect(await readWindow(room, "")).toMatchObject({
      online: 1,
      members: [{ id: "ada", status: "busy", connections: 2 }],
    });
    await late.ask({ type: "update", status: "away" });
    await ada.until(
      (frame) => frame !== "pong" && frame.type === "self" && frame.chosen === "away",
    );
    await untilShown(eve, (roll) => roll!.members[0]?.status === "away");
    await ada.ask({ type: "update", status: "offline" });
    await late.until(
      (frame) => frame !== "pong" && frame.type === "self" && frame.chosen === "offline",
    );
    await untilShown(eve, (roll) => roll!.members[0]?.status === "offline");
    await late.ask({ type: "update", status: null });
    await untilShown(eve, (roll) => roll!.members[0]?.connections === 2);
    await ada.ask({ type: "leave" });
    await untilShown(eve, (roll) => roll!.members[0]?.connections === 1);
    const seen = eve.frames.filter((frame) => JSON.stringify(frame).includes('"status":"offline"'));
    expect(seen).toHaveLength(1);
  });

  it("[N6.1] a choice that nobody else can see reaches the user's tabs in the other shard, too", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    const late = await joinEight(room, "ada");
    const isTold = (chosen: string | null) => (frame: Frame) =>
      frame !== "pong" && frame.type === "self" && frame.chosen === chosen;
    await ada.ask({ type: "update", status: "online" });
    expect(await late.until(isTold("online"))).toMatchObject({ id: "ada" });
    ada.frames.splice(0);
    await late.ask({ type: "update", status: null });
    expect(await ada.until(isTold(null))).toMatchObject({ id: "ada" });
  });

  it("[N6.2] a new connection takes over a place in its grace period, and what was chosen; nobody flickers", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    const eve = await openWindow(room, "eve");
    await eve.ask({ type: "watch", add: ["ada"] });
    await ada.ask({ type: "update", status: "busy" });
    await untilShown(eve, (roll) => roll!.members[0]?.status === "busy");
    eve.frames.splice(0);
    ada.close(4000);
    await joinEight(room, "ada");
    await eventually(async () => expect(await kept(room, "ada", 4)).toEqual([]));
    await untilShown(eve, (roll) => roll!.members[0]?.connections === 1);
    expect(eve.roll!.members).toMatchObject([{ id: "ada", status: "busy" }]);
    for (const frame of eve.frames) expect(JSON.stringify(frame)).not.toContain('"offline"');
  });

  it("[N6.2] a user who hid and left is hidden when they come back to another shard", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    await ada.ask({ type: "update", status: "offline" });
    await ada.ask({ type: "leave" });
    const back = await joinEight(room, "ada");
    expect(back.frames[0]).toMatchObject({ type: "welcome", self: { chosen: "offline" } });
    expect(await readWindow(room, "")).toMatchObject({ online: 0 });
    await eventually(async () => expect(await kept(room, "ada", 4)).toEqual([]));
    expect(await kept(room, "ada", 8)).toEqual([{ id: "ada", chosen: "offline" }]);
  });

  it("[N6.4] a room that becomes large begins anew", async () => {
    const room = newRoom();
    const headers = { Upgrade: "websocket", Authorization: `Bearer ${await signIn("ada")}` };
    const answer = await askConfigured({ LARGE_ROOMS: "" }, `/rooms/${room}`, headers);
    const before = new Peer(answer.webSocket!);
    await before.untilType("snapshot");
    await before.ask({ type: "leave" });
    await join(room, "bob");
    const { members, online } = await readWindow(room, "watch=ada");
    expect([online, members]).toMatchObject([1, [unknown("ada"), { id: "bob" }]]);
  });

  it("[N6.1, N6.2] back and forth, nobody is lost", async () => {
    const room = newRoom();
    const users = Array.from({ length: 12 }, (_, at) => `user-${at}`);
    for (const user of users) await join(room, user);
    const eight = await Promise.all(users.map((user) => joinEight(room, user)));
    await eventually(async () => {
      expect(await readWindow(room, "")).toMatchObject({ online: 12, connections: 24 });
    });
    for (const peer of eight) await peer.ask({ type: "leave" });
    await eventually(async () => {
      expect(await readWindow(room, "")).toMatchObject({ online: 12, connections: 12 });
    });
  });

  it("[N6.1, N6.2, N3.1] from 4 to 8 and back under load, nobody is lost, and nobody flickers", async () => {
    const room = newRoom();
    const users = Array.from({ length: 10 }, (_, at) => `user-${at}`);
    const eve = await openWindow(room, "eve");
    await eve.ask({ type: "watch", add: users });
    const peers = new Map<string, Peer>();
    for (const user of users) peers.set(user, await join(room, user));
    await untilShown(eve, (roll) => roll!.connections === users.length);
    eve.frames.splice(0);
    let changes = 0;
    const changing = setInterval(() => {
      const peer = peers.get(users[changes++ % users.length]!)!;
      peer.sendAnyway({ type: "update", status: changes % 3 === 0 ? "away" : "busy" });
    }, 40);
    try {
      for (const come of [joinEight, join]) {
        for (const user of users) {
          peers.get(user)!.close(4000);
          peers.set(user, await come(room, user));
        }
      }
    } finally {
      clearInterval(changing);
    }
    for (const peer of peers.values()) await peer.ask({ type: "update", status: "away" });
    await eventually(async () => {
      const { members, online, connections } = await readWindow(
        room,
        `watch=${users.join("&watch=")}`,
      );
      expect([online, connections]).toEqual([users.length, users.length]);
      expect(members.map(({ status }) => status)).toEqual(users.map(() => "away"));
      expect(eve.roll).toMatchObject({ members, online, connections });
    });
    for (const frame of eve.frames) {
      expect(JSON.stringify(frame)).not.toContain('"offline"');
      if (frame !== "pong" && frame.type === "delta") expect(frame.gone).toEqual([]);
    }
  });
});
