import { env } from "cloudflare:workers";
import { runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { ROOM_URL } from "../../../src/server/room/room-request.ts";
import { admit, breakRooms, revoke, userStub } from "../../worker-kit/backend.ts";
import { readRoom, refusal } from "../../worker-kit/http.ts";
import { hold } from "../../worker-kit/lease.ts";
import { join, tryJoin } from "../../worker-kit/peer.ts";
import { signIn } from "../../worker-kit/sign-in.ts";
import { query, restart, roomStub, runAlarm } from "../../worker-kit/time.ts";
import { fromOldWorker } from "../../worker-kit/old-worker.ts";

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

let names = 0;
/** A separate room or user for each test. */
const fresh = (what: string) => `renewed-${what}-${++names}`;
const REVOKED = [401, "session_revoked"];
const CLOSED = { code: 4401, reason: "session_revoked" };
const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;
/** Tries to join, and returns the outcome. */
async function joinStatus(room: string, user: string, token?: string): Promise<number> {
  const answer = await tryJoin(room, user, { ...(token && { token }) });
  answer.webSocket?.accept();
  return answer.status;
}

/** The ids of the connections in a room, as it stores them. */
async function connectionsIn(room: string): Promise<string[]> {
  const rows = await query(room, "SELECT places FROM members");
  return rows.flatMap(({ places }) =>
    (JSON.parse(places as string) as { connection: string }[]).map(({ connection }) => connection),
  );
}

describe("a revoked session with leases and renewals", () => {
  it("[B3.1, P1.4] ends leases too", async () => {
    const [ada, room] = [fresh("ada"), fresh("room")];
    await hold(room, ada, {}, { sid: "one" });
    await hold(room, ada, {}, { sid: "two" });
    expect(await revoke(ada, "one")).toBe(1);
    expect((await readRoom(room)).members).toMatchObject([{ connections: 1 }]);
    expect(await revoke(ada)).toBe(1);
    expect((await readRoom(room)).members).toMatchObject([{ connections: 0, status: "offline" }]);
  });

  it("[B3.1, P1.6, T3.2] a lease that a newer session renewed ends with that one, over a restart too", async () => {
    const [ada, room] = [fresh("ada"), fresh("room")];
    const [one, two] = [
      { sid: "one", iat: inSeconds(-60) },
      { sid: "two", iat: inSeconds(-50) },
    ];
    const { lease } = await hold(room, ada, {}, one);
    await hold(room, ada, { lease }, two);
    await hold(room, ada, { lease }, one);
    await restart(room);
    expect(await revoke(ada, "one")).toBe(0);
    expect(await revoke(ada, "two")).toBe(1);
    expect((await readRoom(room)).members).toMatchObject([{ status: "offline" }]);
  });

  it("[B3.2, P1.6] a lease is not renewed by a session that was checked before it was revoked", async () => {
    const [ada, room] = [fresh("ada"), fresh("room")];
    const { lease } = await hold(room, ada, {}, { sid: "one", iat: inSeconds(-60) });
    const late = { id: "two", issuedAt: Date.now(), expiresAt: Date.now() + 60_000 };
    const admission = (await admit(ada, late, room))!;
    expect(await revoke(ada, "two")).toBe(0);
    const [connection] = await connectionsIn(room);
    const joiner = { ...late, user: { id: ada }, roles: [], admission };
    const renewal = { token: lease, connection: connection!, isNew: false, update: {} };
    const asked = fromOldWorker({ requestId: "1", joiner, lease: renewal });
    expect((await roomStub(room).fetch(ROOM_URL, asked)).status).toBe(409);
    expect(await revoke(ada, "one")).toBe(1);
  });

  it("[B3.1, T3.2] a connection ends with the session that is in force, and with none that was or came late", async () => {
    const [ada, room] = [fresh("ada"), fresh("room")];
    const token = (sid: string, iat: number) => signIn(ada, { sid, iat: inSeconds(iat) });
    const peer = await join(room, ada, { token: await token("one", -60) });
    await peer.ask({ type: "auth", token: await token("two", -50) });
    await peer.ask({ type: "auth", token: await token("three", -55) });
    expect(await revoke(ada, "one")).toBe(0);
    expect(await revoke(ada, "three")).toBe(0);
    expect(await revoke(ada, "two")).toBe(1);
    expect(await peer.closed).toEqual(CLOSED);
  });

  it("[B3.2, T5.2] a token that the service renewed ends with the session behind it", async () => {
    const [ada, room] = [fresh("ada"), fresh("room")];
    vi.setSystemTime(Date.now());
    const exp = inSeconds(30);
    const token = await signIn(ada, { sid: "short", exp });
    const peer = await join(room, ada, { token });
    const renewed = await peer.untilType("renewed");
    expect(await joinStatus(room, ada, renewed.token!)).toBe(101);
    expect(await revoke(ada, "short")).toBe(2);
    expect(await peer.closed).toEqual(CLOSED);
    expect(await refusal(await tryJoin(room, ada, { token: renewed.token! }))).toEqual(REVOKED);
  });

  it("[B3.2, T5.3] the service renews no session whose room was not told that it is revoked", async () => {
    const [ada, room] = [fresh("ada"), fresh("room")];
    const exp = inSeconds(600);
    const peer = await join(room, ada, { token: await signIn(ada, { exp }) });
    // As if the room had not answered.
    vi.spyOn(console, "log").mockImplementation(() => {});
    await runInDurableObject(userStub(ada), async (user) => {
      const rooms = { getByName: () => ({ revoke: () => Promise.reject(new Error("down")) }) };
      Object.assign(user, { env: { ...env, ROOMS: rooms } });
      expect(await user.revoke(null)).toBe(0);
    });
    await peer.ask({ type: "sync" });
    vi.setSystemTime((exp - 60) * 1000);
    await runAlarm(room);
    expect(await peer.closed).toEqual(CLOSED);
  });

  it("[B3.5, T5.3] nor is one renewed that was admitted before, though its iat lies ahead", async () => {
    const [ada, room] = [fresh("ada"), fresh("room")];
    const exp = inSeconds(600);
    const token = await signIn(ada, { exp, iat: inSeconds(4) });
    const peer = await join(room, ada, { token });
    vi.spyOn(console, "log").mockImplementation(() => {});
    await breakRooms(ada, [room], "fail");
    expect(await revoke(ada)).toBe(0);
    vi.setSystemTime((exp - 60) * 1000);
    await runAlarm(room);
    expect(await peer.closed).toEqual(CLOSED);
  });
});
