import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { objectFor, SHARDS } from "../../worker-kit/large.ts";
import { askBackend, revoke, whereIs } from "../../worker-kit/backend.ts";
import { eventually } from "../../worker-kit/eventually.ts";
import { askConfigured } from "../../worker-kit/http.ts";
import { join, Peer } from "../../worker-kit/peer.ts";
import { signIn } from "../../worker-kit/sign-in.ts";
import { query, tablesOf } from "../../worker-kit/time.ts";

beforeEach(() => void vi.spyOn(console, "log").mockImplementation(() => {}));
afterEach(() => void vi.restoreAllMocks());

/** Joins through a Worker of the deploy before. */
async function joinBefore(LARGE_ROOMS: string, room: string, user: string): Promise<Peer> {
  const headers = { Upgrade: "websocket", Authorization: `Bearer ${await signIn(user)}` };
  const answer = await askConfigured({ LARGE_ROOMS }, `/rooms/${room}`, headers);
  if (!answer.webSocket) throw new Error(`refused: ${answer.status} ${await answer.text()}`);
  const peer = new Peer(answer.webSocket);
  await peer.untilType("snapshot");
  return peer;
}

/** The members that an object keeps. */
async function remembered(object: string): Promise<Record<string, unknown>[]> {
  const tables = JSON.stringify(await tablesOf(object));
  return tables.includes('"members"') ? query(object, "SELECT id FROM members") : [];
}

async function listed(room: string): Promise<unknown> {
  const answer = await askBackend("GET", `/rooms?prefix=${room}`);
  return (await answer.json<{ rooms: unknown }>()).rooms;
}

// To the objects that the deploy before used, the configuration is that of the deploy after.
it.each([
  ["becomes large", "", "large-was-small", (room: string) => room],
  [
    "stops being large",
    `was-*=${SHARDS}`,
    "was-large",
    (room: string, user: string) => objectFor(room, user, SHARDS),
  ],
])(
  "[N6.4, B3.1, B4.1, B9.2] in a room that %s, those who are there are listed and reached, whatever its objects of before do",
  async (_change, before, room, objectBefore) => {
    const user = `${room}-ada`;
    const old = await joinBefore(before, room, user);
    await old.ask({ type: "update", status: "busy" });
    const peer = await join(room, user);
    expect(peer.frames[0]).toMatchObject({ type: "welcome", self: { chosen: null } });
    await eventually(async () => {
      expect(await listed(room)).toEqual([{ room, online: 1, connections: 1 }]);
    });
    await old.ask({ type: "leave" });
    await eventually(async () => expect(await remembered(objectBefore(room, user))).toEqual([]));
    const view = { room, status: "online", connections: 1 };
    expect(await whereIs(user)).toMatchObject({ rooms: [view] });
    expect(await listed(room)).toEqual([{ room, online: 1, connections: 1 }]);
    expect(await revoke(user)).toBe(1);
    expect(await peer.closed).toMatchObject({ code: 4401, reason: "session_revoked" });
    await eventually(async () => expect(await listed(room)).toEqual([]));
  },
);
