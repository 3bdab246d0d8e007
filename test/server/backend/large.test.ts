import { env } from "cloudflare:workers";
import { runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Page } from "../../../src/protocol/messages.ts";
import type { LargeRoomStats } from "../../../src/server/large/hub-object.ts";
import { createApp } from "../../../src/server/app.ts";
import { askBackend, revoke, whereIs } from "../../worker-kit/backend.ts";
import { eventually } from "../../worker-kit/eventually.ts";
import { requestTo } from "../../worker-kit/http.ts";
import { hold } from "../../worker-kit/lease.ts";
import { hubStub, objectsOf, restartHub, usersOfShards } from "../../worker-kit/large.ts";
import { join, Peer, tryJoin } from "../../worker-kit/peer.ts";
import { signIn } from "../../worker-kit/sign-in.ts";
import { passTimeWithAlarms } from "../../worker-kit/time.ts";
import { openWindow, untilShown } from "../../worker-kit/window.ts";

let rooms = 0;
const newRoom = () => `large-backend-${++rooms}`;

beforeEach(() => void vi.spyOn(console, "log").mockImplementation(() => {}));
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** Joins with a user in each shard, whom no other test has. */
async function joinAll(room: string): Promise<Peer[]> {
  const peers: Peer[] = [];
  for (const user of usersOfShards(room)) peers.push(await join(room, user));
  for (const peer of peers) await untilShown(peer, (roll) => roll!.online === 4);
  return peers;
}

async function answerOf<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
  const answer = await askBackend(method, path, body);
  if (answer.status !== 200) throw new Error(`refused: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

const resized = createApp();

/** Joins through a Worker with 8 shards. */
async function joinEight(room: string, user: string): Promise<Peer> {
  const headers = { Upgrade: "websocket", Authorization: `Bearer ${await signIn(user)}` };
  const request = requestTo(`/rooms/${room}`, { headers });
  const answer = await resized.request(request, {}, { ...env, LARGE_ROOMS: "large-*=8" });
  if (!answer.webSocket) throw new Error(`refused: ${answer.status} ${await answer.text()}`);
  const peer = new Peer(answer.webSocket);
  await peer.untilType("snapshot");
  return peer;
}

describe("a large room, for the backend", () => {
  it("[N5.1, B1.1, B1.3] gets events: all shards, or some users, with one id in order", async () => {
    const room = newRoom();
    const peers = await joinAll(room);
    const users = usersOfShards(room);
    const send = (name: string, to?: object) =>
      answerOf<{ delivered: number }>("POST", `/rooms/${room}/events`, {
        name,
        data: 1,
        ...(to && { to }),
      });
    expect(await send("all")).toEqual({ delivered: 4 });
    expect(await send("some", { users: [users[0]!, "nobody"] })).toEqual({ delivered: 1 });
    expect(await send("last")).toEqual({ delivered: 4 });
    const events = peers.map(({ frames }) =>
      frames.flatMap((each) => (each !== "pong" && each.type === "event" ? [each] : [])),
    );
    expect(events[0]!.map(({ name }) => name)).toEqual(["all", "some", "last"]);
    expect(events[1]!.map(({ id }) => id)).toEqual([events[0]![0]!.id, events[0]![2]!.id]);
  });

  it("[N5.1, B2, B3.1, B11.1] kicks, revokes and forgets, whatever shard the user is in", async () => {
    const room = newRoom();
    const [one, two, three] = (await joinAll(room)) as [Peer, Peer, Peer, Peer];
    const users = usersOfShards(room);
    expect(await answerOf("DELETE", `/rooms/${room}/members/${users[0]}`)).toEqual({ closed: 1 });
    expect(await one.closed).toMatchObject({ code: 4403 });
    expect(await revoke(users[1]!)).toBe(1);
    expect(await two.closed).toMatchObject({ code: 4401, reason: "session_revoked" });
    expect(await answerOf("DELETE", `/users/${users[2]}`)).toEqual({ closed: 1 });
    expect(await three.closed).toMatchObject({ code: 4403 });
    const page = await answerOf<Page>("GET", `/rooms/${room}?after=`);
    expect(page.members.map(({ id }) => id)).not.toContain(users[2]);
  });

  it("[N5.1, B4.1, B6.1] says where a user is, by the room's name, and has watchers and leases revoked", async () => {
    const room = newRoom();
    await joinAll(room);
    const users = usersOfShards(room);
    expect(await whereIs(users[0]!)).toMatchObject({ rooms: [{ room, connections: 1 }] });
    const eve = await openWindow(room, "eve");
    await hold(room, "eve");
    expect(await whereIs("eve")).toMatchObject({ status: "online", connections: 1 });
    expect(await revoke("eve")).toBe(2);
    expect(await eve.closed).toMatchObject({ code: 4401 });
    expect(await whereIs("eve")).toMatchObject({ status: "offline", rooms: [] });
    expect((await tryJoin(room, "eve", { token: await signIn("eve", { iat: 1 }) })).status).toBe(
      401,
    );
  });

  it("[N5.1, B9.1, S7.2] is listed once, with its counts, and read in pages", async () => {
    const room = newRoom();
    await joinAll(room);
    const users = usersOfShards(room);
    await eventually(async () => {
      const listed = await answerOf<{ rooms: object[] }>("GET", `/rooms?prefix=${room}`);
      expect(listed.rooms).toEqual([{ room, online: 4, connections: 4 }]);
    });
    await restartHub(room);
    const first = await answerOf<Page>("GET", `/rooms/${room}?after=&limit=3`);
    expect(first).toMatchObject({ room, online: 4, after: users.toSorted()[2] });
    const next = await answerOf<Page>("GET", `/rooms/${room}?after=${first.after}&limit=3`);
    expect([...first.members, ...next.members].map(({ id }) => id)).toEqual(users.toSorted());
    expect(next.after).toBeNull();
  });

  it("[N5.2, B10] has stats: sums, and a list by shard", async () => {
    const room = newRoom();
    await joinAll(room);
    const users = usersOfShards(room);
    await join(room, users[0]!);
    await openWindow(room, "eve");
    const stats = await answerOf<LargeRoomStats>("GET", `/rooms/${room}/stats`);
    expect(stats).toMatchObject({ room, online: 4, connections: 5, members: 4, sockets: 6 });
    expect(stats.shards).toHaveLength(4);
    for (const shard of stats.shards) expect(shard).toMatchObject({ of: 4, members: 1, copy: 4 });
  });

  it("[N6.3] reaches a user in the shards of both numbers", async () => {
    const room = newRoom();
    const old = await join(room, "ada");
    const late = await joinEight(room, "ada");
    const sent = await answerOf("POST", `/users/ada/events`, { name: "hello", data: null });
    expect(sent).toEqual({ delivered: 2 });
    await untilShown(old, (roll) => roll!.connections === 2);
    expect(await whereIs("ada")).toMatchObject({
      connections: 2,
      rooms: [{ room, connections: 2 }],
    });
    await old.ask({ type: "leave" });
    await eventually(async () => {
      expect(await whereIs("ada")).toMatchObject({ connections: 1, rooms: [{ room }] });
    });
    expect(await revoke("ada")).toBe(1);
    expect(await late.closed).toMatchObject({ code: 4401, reason: "session_revoked" });
    expect(await whereIs("ada")).toMatchObject({ rooms: [] });
  });

  it("[N3.4, L5.5] its hub stores the numbers in use, and nothing after everybody is forgotten", async () => {
    const room = newRoom();
    const peers = await joinAll(room);
    const users = usersOfShards(room);
    const tables = () =>
      runInDurableObject(hubStub(room), (_hub, { storage }) => [
        ...storage.sql.exec(
          "SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_%' ESCAPE '\\'",
        ),
      ]);
    expect(await tables()).toEqual([{ name: "generations" }]);
    for (const user of users) await answerOf("DELETE", `/users/${user}`);
    for (const peer of peers) await peer.closed;
    // Somebody may still be about to join with an earlier admission.
    for (const object of objectsOf(room)) await passTimeWithAlarms(object, 70);
    await eventually(async () => expect(await tables()).toEqual([]));
  });
});
