import { env } from "cloudflare:workers";
import { runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { ROOM_URL } from "../../../src/server/room/room-request.ts";
import { toRoomSession } from "../../../src/server/session/room-session.ts";
import { eventually } from "../../worker-kit/eventually.ts";
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
import { readRoom, refusal } from "../../worker-kit/http.ts";
import { hold } from "../../worker-kit/lease.ts";
import { deltas, join, tryJoin, type Frame, type Peer } from "../../worker-kit/peer.ts";
import { signIn } from "../../worker-kit/sign-in.ts";
import {
  hibernate,
  passTime,
  passTimeWithAlarms,
  query,
  restart,
  roomStub,
  tablesOf,
} from "../../worker-kit/time.ts";
import { fromOldWorker } from "../../worker-kit/old-worker.ts";

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

let names = 0;
const fresh = (what: string) => `forgotten-${what}-${++names}`;
const KICKED = { code: 4403, reason: "kicked" };
const NOWHERE = { status: "offline", connections: 0, lastOnline: null, rooms: [] };

async function forget(user: string): Promise<number> {
  const answer = await askBackend("DELETE", userPath(user));
  expect(answer.status).toBe(200);
  const { closed, ...rest } = await answer.json<{ closed: number }>();
  expect(rest).toEqual({});
  return closed;
}

const idsIn = async (room: string) => (await readRoom(room)).members.map(({ id }) => id);
const untilLeft = (user: string, room: string) =>
  eventually(async () => {
    const rows = await queryUser(user, "SELECT room FROM rooms WHERE last_online IS NOT NULL");
    expect(rows).toContainEqual({ room });
  });
const tablesOfUser = (user: string) =>
  queryUser(user, "SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_%' ESCAPE '\\'");

describe("forgetting a user", () => {
  it("[B11.1, B11.2] closes all their connections, and takes them off every list, present or remembered", async () => {
    const [ada, here, there, before] = [fresh("ada"), fresh("room"), fresh("room"), fresh("room")];
    const gone = await join(before, ada);
    await gone.ask({ type: "leave" });
    await untilLeft(ada, before);
    const bobs = await Promise.all([here, there, before].map((room) => join(room, "bob")));
    const peers = await Promise.all([join(here, ada), join(here, ada), join(there, ada)]);
    await hold(there, ada);
    await peers[0].ask({ type: "update", status: "busy", data: { at: "desk" } });
    await hibernate(there);
    expect(await forget(ada)).toBe(4);
    const closed = await Promise.all(peers.map((peer) => peer.closed));
    expect(closed).toEqual(peers.map(() => KICKED));
    for (const [index, room] of [here, there, before].entries()) {
      const bob = bobs[index]!;
      const last = deltas(await bob.news()).at(-1);
      expect(last, room).toMatchObject({ set: [], gone: [ada], online: 1, connections: 1 });
      expect(await idsIn(room)).toEqual(["bob"]);
      expect(await query(room, "SELECT id FROM members")).toEqual([{ id: "bob" }]);
    }
    expect(await whereIs(ada)).toEqual({ user: ada, ...NOWHERE });
    expect(await tablesOfUser(ada)).toEqual([]);
    expect(await forget(ada)).toBe(0);
  });

  it("[B11.1, M3.4] takes who hides off, and who is in their grace", async () => {
    const [ada, hidden, lost] = [fresh("ada"), fresh("room"), fresh("room")];
    const peer = await join(hidden, ada);
    await peer.ask({ type: "update", status: "offline" });
    await join(lost, ada);
    await restart(lost);
    expect(await forget(ada)).toBe(1);
    expect(await peer.closed).toEqual(KICKED);
    expect([await idsIn(hidden), await idsIn(lost)]).toEqual([[], []]);
    // Nothing is left of a room that knew nobody else, once no admission from before is good.
    for (const room of [hidden, lost]) {
      await passTimeWithAlarms(room, 61);
      await eventually(async () => expect(await tablesOf(room)).toEqual([]));
    }
  });

  it("[B11.1, B11.4] keeps what was revoked, and nobody from coming back", async () => {
    const [ada, room] = [fresh("ada"), fresh("room")];
    const stolen = await signIn(ada, { sid: "stolen" });
    const first = await join(room, ada);
    await first.ask({ type: "update", status: "busy" });
    await revoke(ada, "stolen");
    expect(await forget(ada)).toBe(1);
    expect(await first.closed).toEqual(KICKED);
    const refused = await refusal(await tryJoin(room, ada, { token: stolen }));
    expect(refused).toEqual([401, "session_revoked"]);
    expect((await tablesOfUser(ada)).map(({ name }) => name)).toContain("revocations");
    const back = await join(room, ada);
    expect((await back.untilType("welcome")).self).toEqual({ id: ada, chosen: null });
    expect(await whereIs(ada)).toMatchObject({ status: "online", rooms: [{ room }] });
  });

  it("[B11.1, B8.2] whoever was admitted before it and arrives after it is admitted anew", async () => {
    const [ada, here, left] = [fresh("ada"), fresh("room"), fresh("room")];
    const session = toRoomSession(
      { user: { id: ada }, roles: [], expiresAt: Date.now() + 60_000 },
      Date.now(),
    );
    const peer = await join(left, ada);
    const late = [(await admit(ada, session, here))!, (await admit(ada, session, left))!];
    await peer.ask({ type: "leave" });
    await untilLeft(ada, left);
    expect(await forget(ada)).toBe(0);
    for (const [index, room] of [here, left].entries()) {
      const joiner = { ...session, admission: late[index]! };
      const request = fromOldWorker({ requestId: "late", joiner });
      expect((await roomStub(room).fetch(ROOM_URL, request)).status, room).toBe(409);
    }
  });

  it.each(["hang", "fail"] as const)(
    "[B11.2] rooms that %s delay no other, and are told again, but for who has come in since",
    async (how) => {
      const [ada, good, bad] = [fresh("ada"), fresh("room"), fresh("room")];
      const [one, two] = [await join(good, ada), await join(bad, ada)];
      vi.spyOn(console, "log").mockImplementation(() => {});
      await breakRooms(ada, [bad], how);
      expect(await forget(ada)).toBe(1);
      expect(await one.closed).toEqual(KICKED);
      await evict(userStub(ada));
      passTime(1);
      const since = await join(bad, ada);
      expect(await forgetAgain(ada)).toEqual([]);
      expect(await two.closed).toEqual(KICKED);
      await since.ask({ type: "idle", idle: false });
      expect((await readRoom(bad)).members).toMatchObject([{ id: ada, connections: 1 }]);
      expect(await whereIs(ada)).toMatchObject({ connections: 1, rooms: [{ room: bad }] });
    },
  );

  /** Runs the user's alarm; returns what has still to be told. */
  async function forgetAgain(user: string) {
    await runDurableObjectAlarm(userStub(user));
    return queryUser(user, "SELECT room FROM errands");
  }

  it("[B11.1] of whom nobody has heard nothing is stored", async () => {
    const user = fresh("nobody");
    expect(await forget(user)).toBe(0);
    expect(await tablesOfUser(user)).toEqual([]);
    const long = await askBackend("DELETE", `/users/${"x".repeat(129)}`);
    expect(await refusal(long)).toEqual([400, "bad_request"]);
  });
});

describe("an event for a user", () => {
  const send = (user: string, body: unknown) =>
    askBackend("POST", `${userPath(user)}/events`, body);
  const eventsOf = async (peer: Peer) =>
    (await peer.news()).filter((frame: Frame) => frame !== "pong" && frame.type === "event");

  it("[B11.5, B1.1] reaches all their connections in every room, and nobody else's", async () => {
    const [ada, here, there] = [fresh("a/ä"), fresh("room"), fresh("room")];
    const peers = await Promise.all([join(here, ada), join(here, ada), join(there, ada)]);
    const bob = await join(here, "bob");
    await hold(there, ada);
    await hibernate(there);
    const answer = await send(ada, { name: "mail", data: { unread: 3 } });
    expect([answer.status, await answer.json()]).toEqual([200, { delivered: 3 }]);
    for (const [index, peer] of peers.entries()) {
      const { epoch } = await readRoom(index < 2 ? here : there);
      const id = expect.stringMatching(new RegExp(`^${epoch}\\.\\d+$`));
      const heard = await eventsOf(peer);
      expect(heard).toEqual([{ type: "event", id, name: "mail", data: { unread: 3 } }]);
    }
    expect(await eventsOf(bob)).toEqual([]);
    const nobody = await send(fresh("nobody"), { name: "mail", data: null });
    expect(await nobody.json()).toEqual({ delivered: 0 });
  });

  it.each(["hang", "fail"] as const)(
    "[B11.5] rooms that %s keep it from no other, and it comes once",
    async (how) => {
      const [ada, good, bad] = [fresh("ada"), fresh("room"), fresh("room")];
      const peer = await join(good, ada);
      await join(bad, ada);
      vi.spyOn(console, "log").mockImplementation(() => {});
      await breakRooms(ada, [bad], how);
      const answer = await send(ada, { name: "mail", data: 1 });
      expect([answer.status, await answer.json()]).toEqual([200, { delivered: 1 }]);
      expect(await eventsOf(peer)).toHaveLength(1);
      await mendRooms(ada);
    },
  );

  it.each<[string, unknown, string]>([
    ["no name", { data: 1 }, "bad_request"],
    ["no data", { name: "x" }, "bad_request"],
    ["a list of users", { name: "x", data: 1, to: { users: ["bob"] } }, "bad_request"],
    ["too much", { name: "x", data: "é".repeat(2_100) }, "too_large"],
  ])("[B11.5, A5.2] %s is refused", async (_what, body, code) => {
    expect((await refusal(await send(fresh("ada"), body)))[1]).toBe(code);
  });

  it("[B11.1, B11.5] is for the backend alone", async () => {
    const path = `${userPath(fresh("ada"))}/events`;
    const { askConfigured } = await import("../../worker-kit/http.ts");
    const [key] = env.SERVER_KEY!.split(",");
    const headers = { Authorization: `Bearer ${key}` };
    const none = await askConfigured({ SERVER_KEY: "" }, path, headers, { method: "POST" });
    expect(await refusal(none)).toEqual([404, "not_found"]);
  });
});
