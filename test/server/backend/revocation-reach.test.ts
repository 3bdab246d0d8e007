import { env } from "cloudflare:workers";
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { fromWorker, ROOM_URL } from "../../../src/server/room/room-request.ts";
import { toRoomSession } from "../../../src/server/session/room-session.ts";
import { eventually, until } from "../../worker-kit/eventually.ts";
import { evict } from "../../worker-kit/evict.ts";
import {
  admit,
  askBackend,
  breakRooms,
  mendRooms,
  queryUser,
  revoke,
  userPath,
  userStub,
  whereIs,
} from "../../worker-kit/backend.ts";
import { askConfigured, refusal } from "../../worker-kit/http.ts";
import { join, Peer } from "../../worker-kit/peer.ts";
import { signIn } from "../../worker-kit/sign-in.ts";
import { hibernate, passTime, query, roomStub, runAlarm } from "../../worker-kit/time.ts";
import { fromOldWorker } from "../../worker-kit/old-worker.ts";

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

let names = 0;
/** A separate room or user for each test. */
const fresh = (what: string) => `reached-${what}-${++names}`;
const CLOSED = { code: 4401, reason: "session_revoked" };
const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;
const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

describe("telling the rooms of a revocation", () => {
  it("[B3.6] rooms that hang or fail delay nobody, and they alone are told again", async () => {
    const ada = fresh("ada");
    const rooms = Array.from({ length: 8 }, () => fresh("room"));
    const [hanging, failing, ...others] = rooms as [string, string, ...string[]];
    const peers = new Map<string, Peer>();
    for (const room of rooms) peers.set(room, await join(room, ada));
    vi.spyOn(console, "log").mockImplementation(() => {});
    const asked = await breakRooms(ada, [failing], "fail");
    await breakRooms(ada, [hanging], "hang");
    expect(await revoke(ada)).toBe(others.length);
    for (const room of others) expect(await peers.get(room)!.closed).toEqual(CLOSED);
    const told = (calls: string[]) => calls.filter((call) => call.startsWith("revoke")).toSorted();
    expect(told(asked)).toEqual(others.map((room) => `revoke ${room}`).toSorted());
    const untold = "SELECT room FROM errands ORDER BY room";
    const bad = [hanging, failing].toSorted().map((room) => ({ room }));
    await eventually(async () => expect(await queryUser(ada, untold)).toEqual(bad));
    // This still holds after a restart, and users who have joined since stay.
    await evict(userStub(ada));
    const back = await join(failing, ada, { token: await signIn(ada, { iat: inSeconds(1) }) });
    const again = await breakRooms(ada, [hanging], "fail");
    await runDurableObjectAlarm(userStub(ada));
    expect(await peers.get(failing)!.closed).toEqual(CLOSED);
    expect(await queryUser(ada, untold)).toEqual([{ room: hanging }]);
    expect(told(again)).toEqual([`revoke ${failing}`]);
    await mendRooms(ada);
    await runDurableObjectAlarm(userStub(ada));
    expect(await peers.get(hanging)!.closed).toEqual(CLOSED);
    expect(await queryUser(ada, untold)).toEqual([]);
    await back.ask({ type: "idle", idle: false });
  });

  it("[B3.6] reaches more rooms than one event may ask", async () => {
    const ada = fresh("ada");
    const rooms = Array.from({ length: 450 }, (_, n) => `crowd-${n}`);
    const told: string[] = [];
    await runInDurableObject(userStub(ada), async (user) => {
      for (const room of rooms) await user.admit({ issuedAt: 0 }, room);
      const getByName = (room: string) => ({
        revoke: async () => {
          told.push(room);
          return { closed: 2, isHere: false, lastOnline: 1_000 };
        },
      });
      Object.assign(user, { env: { ...env, ROOMS: { getByName } } });
    });
    expect(await revoke(ada)).toBe(800);
    await runDurableObjectAlarm(userStub(ada));
    expect(told.toSorted()).toEqual(rooms.toSorted());
    expect(await queryUser(ada, "SELECT room FROM errands")).toEqual([]);
  });

  it("[B3.6] what 0.1.0 had yet to tell is told", async () => {
    const [ada, room] = [fresh("ada"), fresh("room")];
    const peer = await join(room, ada, { token: await signIn(ada, { sid: "old" }) });
    await runInDurableObject(userStub(ada), (_user, { storage }) => {
      storage.sql.exec(
        "CREATE TABLE revocations (session TEXT PRIMARY KEY, at INTEGER, told INTEGER) WITHOUT ROWID",
      );
      const at = Date.now() + 1_000;
      storage.sql.exec("INSERT INTO revocations VALUES ('old', ?, 0), ('older', ?, 1)", at, at);
    });
    await evict(userStub(ada));
    await runDurableObjectAlarm(userStub(ada));
    expect(await peer.closed).toEqual(CLOSED);
    expect(await queryUser(ada, "SELECT DISTINCT told FROM revocations")).toEqual([{ told: 1 }]);
  });

  it("[B3.1, B8.1] objects of 0.1.0 and of this version understand each other while both run", async () => {
    const [ada, room] = [fresh("ada"), fresh("room")];
    const peer = await join(room, ada);
    // An older user's object does not say by which stamp it lists the room, and takes a number.
    const all = { session: null, at: Date.now() + 1_000 };
    expect(await roomStub(room).revoke(ada, all)).toBe(1);
    expect(await peer.closed).toEqual(CLOSED);
    const listed = "SELECT room FROM rooms WHERE last_online IS NULL";
    await eventually(async () => expect(await queryUser(ada, listed)).toEqual([]));
    // An older Worker names no limit of rooms, and an older room answers a number, and cannot forget.
    vi.spyOn(console, "log").mockImplementation(() => {});
    await admit(ada, { issuedAt: Date.now() }, room);
    await runInDurableObject(userStub(ada), async (user) => {
      const getByName = () => ({ revoke: async () => 7 });
      Object.assign(user, { env: { ...env, ROOMS: { getByName } } });
      expect(await user.revoke(null)).toBe(7);
      expect(await user.forget()).toBe(0);
    });
    expect(await queryUser(ada, listed)).toEqual([{ room }]);
    expect(await queryUser(ada, "SELECT kind, room FROM errands")).toEqual([
      { kind: "forget", room },
    ]);
  });

  it("[B7] what was taken back is told to no room any more", async () => {
    const [ada, room] = [fresh("ada"), fresh("room")];
    const peer = await join(room, ada, { token: await signIn(ada, { sid: "one" }) });
    vi.spyOn(console, "log").mockImplementation(() => {});
    await breakRooms(ada, [room], "fail");
    expect(await revoke(ada, "one")).toBe(0);
    await askBackend("DELETE", `${userPath(ada)}/revocations`);
    await mendRooms(ada);
    await runDurableObjectAlarm(userStub(ada));
    await peer.ask({ type: "idle", idle: false });
    expect(await queryUser(ada, "SELECT room FROM errands")).toEqual([]);
  });

  it("[L7.3, T4.2] a user's object that does not answer keeps no alarm waiting", async () => {
    vi.spyOn(console, "log").mockImplementation(() => {});
    const [ada, bob, room] = [fresh("ada"), fresh("bob"), fresh("room")];
    const exp = inSeconds(600);
    const [late, quick] = await Promise.all(
      [ada, bob].map(async (user) => join(room, user, { token: await signIn(user, { exp }) })),
    );
    let [isBlocked, isOver] = [false, false];
    await runInDurableObject(userStub(ada), (_user, state) => {
      const block = () => {
        isBlocked = true;
        return until(() => isOver);
      };
      // Not before this has returned, which it would block too.
      setTimeout(() => void state.blockConcurrencyWhile(block), 100);
    });
    await until(() => isBlocked);
    vi.setSystemTime((exp - 60) * 1000);
    await runAlarm(room);
    await quick!.untilType("renewed");
    vi.setSystemTime(exp * 1000);
    await late!.ask({ type: "idle", idle: false });
    await runAlarm(room);
    expect(await late!.closed).toEqual({ code: 4401, reason: "session_expired" });
    isOver = true;
  });

  it("[B3.6] a room that did not answer is told again, by whatever is left of the user's object", async () => {
    const [ada, room] = [fresh("ada"), fresh("room")];
    const peer = await join(room, ada);
    vi.spyOn(console, "log").mockImplementation(() => {});
    await runInDurableObject(userStub(ada), async (user) => {
      const rooms = { getByName: () => ({ revoke: () => Promise.reject(new Error("down")) }) };
      Object.assign(user, { env: { ...env, ROOMS: rooms } });
      await user.revoke(null);
    });
    await evict(userStub(ada));
    await runDurableObjectAlarm(userStub(ada));
    expect(await peer.closed).toEqual(CLOSED);
    expect(await queryUser(ada, "SELECT room FROM errands")).toEqual([]);
  });

  it("[B3.1] reaches 50 connections in 20 rooms, half of which hibernate", async () => {
    const ada = fresh("ada");
    const rooms = Array.from({ length: 20 }, () => fresh("many"));
    const token = await signIn(ada);
    const peers = await Promise.all(
      Array.from({ length: 50 }, (_, n) => join(rooms[n % 20]!, ada, { token })),
    );
    for (const room of rooms.slice(0, 10)) await hibernate(room);
    expect(await revoke(ada)).toBe(50);
    const closed = await Promise.all(peers.map((peer) => peer.closed));
    expect(closed).toEqual(peers.map(() => CLOSED));
    const { status, rooms: present } = await whereIs(ada);
    expect([status, present]).toEqual(["offline", []]);
  });

  it("[B3.2] whoever was admitted before it and arrives after it is not let in, though the room restarted meanwhile", async () => {
    const [ada, room] = [fresh("ada"), fresh("room")];
    await join(room, ada, { token: await signIn(ada, { sid: "other" }) });
    const session = toRoomSession(
      { user: { id: ada }, roles: [], id: "late", expiresAt: Date.now() + 60_000 },
      0,
    );
    const admission = await admit(ada, { id: "late", issuedAt: 0 }, room);
    await revoke(ada, "late");
    await evict(roomStub(room));
    const joiner = { ...session, admission: admission! };
    const request = fromOldWorker({ requestId: "late", joiner });
    expect(fromWorker(new Request(ROOM_URL, request))).toMatchObject({ ask: "join", joiner });
    expect((await roomStub(room).fetch(ROOM_URL, request)).status).toBe(409);
    expect(await admit(ada, { id: "late", issuedAt: 0 }, room)).toBe(null);
    // The barrier ends when no admission is valid any more.
    expect(await query(room, "SELECT user FROM barriers")).toHaveLength(1);
    passTime(61);
    await runAlarm(room);
    expect(await query(room, "SELECT user FROM barriers")).toEqual([]);
    expect((await roomStub(room).fetch(ROOM_URL, request)).status).toBe(409);
  });

  it("[B8.1, A5.2] a user's object that does not answer is 503 session_unavailable", async () => {
    const [ada, room] = [fresh("ada"), fresh("room")];
    const lines: string[] = [];
    vi.spyOn(console, "log").mockImplementation((line: string) => void lines.push(line));
    const down = () => Promise.reject(new Error("down"));
    const USERS = { getByName: () => ({ admit: down, isRevoked: down, whereabouts: down }) };
    const config = { USERS: USERS as never };
    const headers = bearer(await signIn(ada));
    for (const more of [{}, { Upgrade: "websocket" }]) {
      const answer = await askConfigured(config, `/rooms/${room}`, { ...headers, ...more });
      expect(answer.headers.get("Retry-After")).toBe("5");
      expect(await refusal(answer)).toEqual([503, "session_unavailable"]);
    }
    const [key] = env.SERVER_KEY!.split(",");
    const where = await askConfigured(config, `/users/${ada}`, bearer(key!));
    expect(await refusal(where)).toEqual([503, "user_unavailable"]);
    expect(lines.filter((line) => line.includes('"failure"'))).toHaveLength(3);
  });
});
