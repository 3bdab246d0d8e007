import { env } from "cloudflare:workers";
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { fromWorker, ROOM_URL, toRoomSession } from "../../../src/server/room/room-request.ts";
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
import { ask, askConfigured, readRoom, refusal } from "../../worker-kit/http.ts";
import { hold, put } from "../../worker-kit/lease.ts";
import { join, Peer, tryJoin } from "../../worker-kit/peer.ts";
import { signIn } from "../../worker-kit/sign-in.ts";
import { hibernate, passTime, query, restart, roomStub, runAlarm } from "../../worker-kit/time.ts";
import { fromOldWorker } from "../../worker-kit/old-worker.ts";

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

let names = 0;
/** A room or a user of its own for each test. */
const fresh = (what: string) => `${what}-${++names}`;
const REVOKED = [401, "session_revoked"];
const CLOSED = { code: 4401, reason: "session_revoked" };
const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;
const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

const mint = (room: string, token: string) =>
  ask("/tickets", {
    method: "POST",
    headers: bearer(token),
    body: JSON.stringify({ room }),
  });

/** Tries to join, and answers how that went. */
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

async function openInBand(room: string): Promise<Peer> {
  const answer = await ask(`/rooms/${room}?auth=message`, { headers: { Upgrade: "websocket" } });
  return new Peer(answer.webSocket!);
}

describe("revoking", () => {
  it("[B3.1, B3.2, B3.3] one session ends its connections in every room with no grace, and leaves the user's others", async () => {
    const [ada, here, there] = [fresh("ada"), fresh("room"), fresh("room")];
    const laptop = await signIn(ada, { sid: "laptop" });
    const phone = await signIn(ada, { sid: "phone" });
    const peers = await Promise.all([
      join(here, ada, { token: laptop }),
      join(there, ada, { token: laptop }),
      join(here, ada, { token: phone }),
    ]);
    await hibernate(there);
    expect(await revoke(ada, "laptop")).toBe(2);
    expect(await Promise.all([peers[0].closed, peers[1].closed])).toEqual([CLOSED, CLOSED]);
    await peers[2].ask({ type: "update", status: "busy" });
    expect((await readRoom(here)).members).toMatchObject([{ connections: 1, status: "busy" }]);
    expect((await readRoom(there)).members).toMatchObject([{ connections: 0 }]);
    expect(await refusal(await tryJoin(here, ada, { token: laptop }))).toEqual(REVOKED);
    expect(await joinStatus(here, ada, phone)).toBe(101);
    expect(await revoke(ada, "laptop")).toBe(0);
  });

  it("[B3.4] all of them ends those issued until now, those that do not say when among them, and none issued later", async () => {
    const [ada, room] = [fresh("ada"), fresh("room")];
    const dated = await signIn(ada);
    const undated = await signIn(ada, { iat: undefined });
    const other = await join(room, "bob");
    const peers = [
      await join(room, ada, { token: dated }),
      await join(room, ada, { token: undated }),
    ];
    expect(await revoke(ada)).toBe(2);
    expect(await Promise.all(peers.map(({ closed }) => closed))).toEqual([CLOSED, CLOSED]);
    for (const token of [dated, undated, await signIn(ada, { iat: undefined })]) {
      expect(await refusal(await tryJoin(room, ada, { token }))).toEqual(REVOKED);
    }
    const later = await signIn(ada, { iat: inSeconds(1) });
    expect(await joinStatus(room, ada, later)).toBe(101);
    await other.ask({ type: "sync" });
    // It holds over the end of the objects' memory, and for whom the Worker has not met.
    await evictDurableObject(userStub(ada));
    passTime(120);
    expect(await refusal(await tryJoin(room, ada, { token: dated }))).toEqual(REVOKED);
  });

  it("[B3.2, A5.2] is heard at every door", async () => {
    const [ada, room] = [fresh("ada"), fresh("room")];
    const token = await signIn(ada, { sid: "stolen" });
    const { ticket } = await (await mint(room, token)).json<{ ticket: string }>();
    const { lease } = await hold(room, ada, {}, { sid: "stolen" });
    const live = await join(room, ada, { token: await signIn(ada, { sid: "kept" }) });
    expect(await revoke(ada, "stolen")).toBe(1);

    const upgrade = { Upgrade: "websocket" };
    const cookie = { Cookie: `session=${token}`, Origin: "https://app.example.com" };
    const url = `/rooms/${room}`;
    const doors = {
      bearer: () => ask(url, { headers: { ...upgrade, ...bearer(token) } }),
      cookie: () => ask(url, { headers: { ...upgrade, ...cookie } }),
      ticket: () => ask(`${url}?ticket=${ticket}`, { headers: upgrade }),
      reading: () => ask(url, { headers: bearer(token) }),
      counts: () => ask(`${url}?fields=counts`, { headers: cookie }),
      mint: () => mint(room, token),
      "a lease": () => put(room, {}, bearer(token)),
      "a lease's renewal": () => put(room, { lease }, bearer(token)),
    };
    for (const [door, enter] of Object.entries(doors)) {
      expect(await refusal(await enter()), door).toEqual(REVOKED);
    }
    const inBand = await openInBand(room);
    inBand.send({ type: "auth", token });
    expect(await inBand.closed).toEqual(CLOSED);
    live.send({ type: "auth", token, id: "renew" });
    expect(await live.untilType("error")).toMatchObject({ code: "session_revoked", id: "renew" });
    await live.ask({ type: "auth", token: await signIn(ada, { sid: "kept" }) });
  });

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

  it("[B3.5] all of them ends whoever was admitted before, though their iat lies ahead", async () => {
    const [ada, here, there] = [fresh("ada"), fresh("room"), fresh("room")];
    const ahead = await signIn(ada, { iat: inSeconds(4) });
    const peers = [await join(here, ada, { token: ahead }), await join(there, ada)];
    await hold(here, ada, {}, { iat: inSeconds(4) });
    await hibernate(here);
    expect(await revoke(ada)).toBe(3);
    expect(await Promise.all(peers.map(({ closed }) => closed))).toEqual([CLOSED, CLOSED]);
    expect((await readRoom(here)).members).toMatchObject([{ connections: 0 }]);
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

  it("[B3.6] rooms that hang or fail delay nobody, and they alone are told again", async () => {
    const ada = fresh("ada");
    const rooms = Array.from({ length: 8 }, () => fresh("room"));
    const [hanging, failing, ...others] = rooms as [string, string, ...string[]];
    const peers = new Map<string, Peer>();
    for (const room of rooms) peers.set(room, await join(room, ada));
    vi.spyOn(console, "log").mockImplementation(() => {});
    const asked = await breakRooms(ada, [failing], "fail");
    await breakRooms(ada, [hanging], "hang");
    const before = performance.now();
    expect(await revoke(ada)).toBe(others.length);
    expect(performance.now() - before).toBeLessThan(8_000);
    for (const room of others) expect(await peers.get(room)!.closed).toEqual(CLOSED);
    const told = (calls: string[]) => calls.filter((call) => call.startsWith("revoke")).toSorted();
    expect(told(asked)).toEqual(others.map((room) => `revoke ${room}`).toSorted());
    const untold = "SELECT room FROM errands ORDER BY room";
    const bad = [hanging, failing].toSorted().map((room) => ({ room }));
    await vi.waitFor(async () => expect(await queryUser(ada, untold)).toEqual(bad), 5_000);
    // It is still so after a restart, and whoever has come in since is left alone.
    await evictDurableObject(userStub(ada));
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
    await evictDurableObject(userStub(ada));
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
    await vi.waitFor(async () => expect(await queryUser(ada, listed)).toEqual([]), 5_000);
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

  it("[B3.7] lasts for 400 days", async () => {
    const [ada, day] = [fresh("ada"), 86_400];
    await revoke(ada, "one");
    const lookAfter = async (seconds: number) => {
      passTime(seconds);
      await runDurableObjectAlarm(userStub(ada));
      const exp = inSeconds(60);
      const token = await signIn(ada, { sid: "one", exp });
      return refusal(await tryJoin(fresh("room"), ada, { token })).catch(() => "in");
    };
    expect(await lookAfter(400 * day - 60)).toEqual(REVOKED);
    expect(await lookAfter(120)).toBe("in");
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
        return vi.waitUntil(() => isOver, { timeout: 14_000 });
      };
      // Not before this has returned, which it would block too.
      setTimeout(() => void state.blockConcurrencyWhile(block), 100);
    });
    await vi.waitUntil(() => isBlocked);
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
    await evictDurableObject(userStub(ada));
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
  }, 30_000);

  it("[B3.2] whoever was admitted before it and arrives after it is not let in, though the room restarted meanwhile", async () => {
    const [ada, room] = [fresh("ada"), fresh("room")];
    await join(room, ada, { token: await signIn(ada, { sid: "other" }) });
    const session = toRoomSession(
      { user: { id: ada }, roles: [], id: "late", expiresAt: Date.now() + 60_000 },
      0,
    );
    const admission = await admit(ada, { id: "late", issuedAt: 0 }, room);
    await revoke(ada, "late");
    await evictDurableObject(roomStub(room));
    const joiner = { ...session, admission: admission! };
    const request = fromOldWorker({ requestId: "late", joiner });
    expect(fromWorker(new Request(ROOM_URL, request))).toMatchObject({ ask: "join", joiner });
    expect((await roomStub(room).fetch(ROOM_URL, request)).status).toBe(409);
    expect(await admit(ada, { id: "late", issuedAt: 0 }, room)).toBe(null);
    // The barrier falls once no admission is good any more.
    expect(await query(room, "SELECT user FROM barriers")).toHaveLength(1);
    passTime(61);
    await runAlarm(room);
    expect(await query(room, "SELECT user FROM barriers")).toEqual([]);
    expect((await roomStub(room).fetch(ROOM_URL, request)).status).toBe(409);
  });

  it("[B7] lifting lets them in again, the Worker that remembers them within a minute", async () => {
    const [ada, room] = [fresh("ada"), fresh("room")];
    const token = await signIn(ada, { sid: "one", iat: undefined });
    await revoke(ada, "one");
    await revoke(ada);
    expect(await refusal(await tryJoin(room, ada, { token }))).toEqual(REVOKED);
    const lifted = await askBackend("DELETE", `${userPath(ada)}/revocations`);
    expect(await lifted.json()).toEqual({ lifted: 2 });
    passTime(61);
    expect(await joinStatus(room, ada, token)).toBe(101);
  });

  it("[A7.3] whoever tries a stolen session uses up nothing of what its user may connect", async () => {
    const [ada, room] = [fresh("ada"), fresh("room")];
    const token = await signIn(ada, { sid: "stolen" });
    await revoke(ada, "stolen");
    const headers = { "CF-Connecting-IP": "198.51.100.99" };
    const codes = new Set<string>();
    for (let n = 0; n < 130; n++) {
      codes.add((await refusal(await tryJoin(room, ada, { token, headers })))[1]);
    }
    expect([...codes]).toEqual(["session_revoked", "rate_limited"]);
    expect(await joinStatus(room, ada, await signIn(ada, { sid: "good" }))).toBe(101);
  }, 30_000);

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

  it.each<[string, unknown, string]>([
    ["no JSON", "{", "bad_request"],
    ["a list", [], "bad_request"],
    ["an empty session", { session: "" }, "bad_request"],
    ["a session of another kind", { session: 7 }, "bad_request"],
    ["no session but null", { session: null }, "bad_request"],
    ["a key that is mistyped", { sessions: ["x"] }, "bad_request"],
    ["a key too many", { session: "x", all: false }, "bad_request"],
    ["nothing", undefined, "bad_request"],
    ["far too much", { session: "x".repeat(17_000) }, "too_large"],
  ])("[B3.3, A5.2] %s is refused, and nothing revoked", async (_what, body, code) => {
    const ada = fresh("ada");
    const answer = await askBackend("POST", `${userPath(ada)}/revocations`, body);
    expect((await refusal(answer))[1]).toBe(code);
    expect(await joinStatus(fresh("room"), ada)).toBe(101);
  });

  it.each<[string, string, unknown?]>([
    ["POST", "revocations?session=phone", {}],
    ["DELETE", "revocations?session=phone"],
    ["DELETE", "revocations", { session: "phone" }],
    ["DELETE", "revocations", "phone"],
    ["DELETE", "?room=lobby"],
    ["DELETE", "", { room: "lobby" }],
    ["POST", "events?room=lobby", { name: "x", data: 1 }],
    ["POST", "events", { name: "x", data: 1, room: "lobby" }],
  ])(
    "[B5.5, B3.3, B11.5] %s %s %j asks for less than would be done, and does nothing",
    async (...asked) => {
      const [method, rest, body] = asked;
      const [ada, room] = [fresh("ada"), fresh("room")];
      const token = await signIn(ada, { sid: "revoked" });
      await revoke(ada, "revoked");
      const peer = await join(room, ada);
      const path = `${userPath(ada)}/${rest}`.replace(/\/(\?|$)/, "$1");
      expect(await refusal(await askBackend(method, path, body))).toEqual([400, "bad_request"]);
      expect(
        (await peer.news()).filter((frame) => frame !== "pong" && frame.type === "event"),
      ).toEqual([]);
      expect(await refusal(await tryJoin(room, ada, { token }))).toEqual(REVOKED);
    },
  );

  it("[B3.1] takes any user's id", async () => {
    const room = fresh("room");
    for (const user of ["a/b", "a%2Fb", "%", "é ü", "x".repeat(128), "a?b#c", "presence"]) {
      const peer = await join(room, user);
      expect(await revoke(user), user).toBe(1);
      expect(await peer.closed).toEqual(CLOSED);
    }
    const long = await askBackend("POST", `/users/${"x".repeat(129)}/revocations`, {});
    expect(await refusal(long)).toEqual([400, "bad_request"]);
  });
});
