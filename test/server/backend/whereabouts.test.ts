import { env } from "cloudflare:workers";
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { ROOM_URL, type Untagged } from "../../../src/server/room/room-request.ts";
import { toRoomSession } from "../../../src/server/session/room-session.ts";
import { Room } from "../../../src/server/room/room.ts";
import { eventually } from "../../worker-kit/eventually.ts";
import { evict } from "../../worker-kit/evict.ts";
import {
  admit,
  askBackend,
  breakRooms,
  mendRooms,
  queryUser,
  userStub,
  whereIs,
} from "../../worker-kit/backend.ts";
import { readRoom } from "../../worker-kit/http.ts";
import { hold } from "../../worker-kit/lease.ts";
import { join, type Peer } from "../../worker-kit/peer.ts";
import {
  hibernate,
  passTime,
  passTimeWithAlarms,
  restart,
  roomStub,
} from "../../worker-kit/time.ts";
import { fromOldWorker } from "../../worker-kit/old-worker.ts";

afterEach(() => void vi.useRealTimers());

let names = 0;
const fresh = (what: string) => `where-${what}-${++names}`;
const NOWHERE = { status: "offline", connections: 0, lastOnline: null, rooms: [] };
const LISTED = "SELECT room FROM rooms WHERE last_online IS NULL";

const listed = async (user: string) => (await queryUser(user, LISTED)).map(({ room }) => room);
const alarmOfUser = (user: string) =>
  runInDurableObject(userStub(user), (_user, { storage }) => storage.getAlarm());
const choose = (peer: Peer, status: string | null) => peer.ask({ type: "update", status });
/** What the user's object knows so far; the room reports a change once it is stored. */
const untilListed = (user: string, rooms: string[]) =>
  eventually(async () => expect(await listed(user)).toEqual(rooms));

async function presenceOf(users: unknown): Promise<Response> {
  return askBackend("POST", "/users/presence", { users });
}

describe("where a user is", () => {
  it("[B4.1, B4.2] is told room by room, and summed up", async () => {
    const ada = fresh("ada");
    const [first, second, third] = [fresh("room"), fresh("room"), fresh("room")];
    const [one] = await Promise.all([join(first, ada), join(first, ada), join(third, "bob")]);
    const two = await join(second, ada);
    await two.ask({ type: "idle", idle: true });
    await hold(third, ada, { idle: true });
    const entry = (room: string, status: string, connections: number) => {
      return { room, status, connections, lastOnline: null };
    };
    const away = [entry(second, "away", 1), entry(third, "away", 1)];
    expect(await whereIs(ada)).toEqual({
      user: ada,
      status: "online",
      connections: 4,
      lastOnline: null,
      rooms: [entry(first, "online", 2), ...away],
    });
    await choose(two, "busy");
    await hibernate(first);
    expect(await whereIs(ada)).toMatchObject({ status: "busy", connections: 4 });
    await choose(two, null);
    await choose(one, "away");
    expect(await whereIs(ada)).toMatchObject({ status: "away", connections: 4 });
    expect(await whereIs(fresh("nobody"))).toMatchObject(NOWHERE);
  });

  it.each(["hang", "fail"] as const)(
    "[B4.5, B6.3] rooms that %s are left out, and where no other shows them the status is null",
    async (how) => {
      const [ada, bad, good] = [fresh("ada"), fresh("room"), fresh("room")];
      await join(bad, ada);
      vi.spyOn(console, "log").mockImplementation(() => {});
      await breakRooms(ada, [bad], how);
      const unlearnt = { status: null, connections: 0, lastOnline: null };
      expect(await whereIs(ada)).toEqual({ user: ada, ...unlearnt, rooms: [] });
      const bob = fresh("bob");
      expect(await (await presenceOf([bob, ada])).json()).toEqual({
        users: [
          { user: bob, status: "offline", connections: 0, lastOnline: null },
          { user: ada, ...unlearnt },
        ],
      });
      const peer = await join(good, ada);
      const shown = { status: "online", connections: 1, lastOnline: null };
      const seen = await whereIs(ada);
      expect(seen).toEqual({ user: ada, ...shown, rooms: [{ room: good, ...shown }] });
      await peer.ask({ type: "leave" });
      await mendRooms(ada);
      expect(await whereIs(ada)).toMatchObject({ status: "online", rooms: [{ room: bad }] });
      vi.restoreAllMocks();
    },
  );

  it("[B4.2, L4.1] who left is in no room, and was last online when the last one says so", async () => {
    const [ada, first, second] = [fresh("ada"), fresh("room"), fresh("room")];
    const [one, two] = await Promise.all([join(first, ada), join(second, ada)]);
    await one.ask({ type: "leave" });
    await untilListed(ada, [second]);
    passTime(10);
    two.close(1001);
    await two.closed;
    expect(await whereIs(ada)).toMatchObject({ status: "online", connections: 1 });
    await passTimeWithAlarms(second, 11);
    await untilListed(ada, []);
    const { lastOnline } = (await readRoom(second)).members[0]!;
    expect(await whereIs(ada)).toEqual({ user: ada, ...NOWHERE, lastOnline });
  });

  it("[B4.3, M3.1] who appears offline is nowhere, like one who left when they chose to", async () => {
    const [ada, room] = [fresh("ada"), fresh("room")];
    const peer = await join(room, ada);
    await choose(peer, "offline");
    const { lastOnline } = (await readRoom(room)).members[0]!;
    const absent = { user: ada, ...NOWHERE, lastOnline };
    expect(await whereIs(ada)).toEqual(absent);
    passTime(60);
    await peer.ask({ type: "leave" });
    await untilListed(ada, []);
    expect(await whereIs(ada)).toEqual(absent);
    const other = await join(room, ada);
    expect(await whereIs(ada)).toEqual(absent);
    await choose(other, null);
    expect(await whereIs(ada)).toMatchObject({ status: "online", rooms: [{ room }] });
  });

  it("[B11.3, L5.1] the rooms that remember a user are kept until each of them forgets the user", async () => {
    const [ada, first, second] = [fresh("ada"), fresh("room"), fresh("room")];
    const [one, two] = [await join(first, ada), await join(second, ada)];
    const left = async () =>
      (await queryUser(ada, "SELECT room FROM rooms")).map(({ room }) => room);
    await one.ask({ type: "leave" });
    await untilListed(ada, [second]);
    passTime(50_000);
    await two.ask({ type: "leave" });
    await untilListed(ada, []);
    expect(await left()).toEqual([first, second]);
    passTime(40_000);
    await runDurableObjectAlarm(userStub(ada));
    expect(await left()).toEqual([second]);
    const { lastOnline } = (await readRoom(second)).members[0]!;
    expect(await whereIs(ada)).toEqual({ user: ada, ...NOWHERE, lastOnline });
    const alarm = await alarmOfUser(ada);
    // They are taken off together with those that follow within the hour.
    const wait = alarm! - Date.parse(lastOnline!) - 86_400_000;
    expect(wait).toBeGreaterThanOrEqual(0);
    expect(wait).toBeLessThanOrEqual(3_600_100);
  });

  it("[B4.2, L5.1] nothing is kept of who was offline for the retention", async () => {
    const [ada, room] = [fresh("ada"), fresh("room")];
    const peer = await join(room, ada);
    await peer.ask({ type: "leave" });
    await untilListed(ada, []);
    expect((await whereIs(ada)).lastOnline).not.toBe(null);
    passTime(86_401);
    expect((await whereIs(ada)).lastOnline).toBe(null);
    await runDurableObjectAlarm(userStub(ada));
    expect(await queryUser(ada, "SELECT room FROM rooms")).toEqual([]);
    const alarm = await alarmOfUser(ada);
    expect(alarm).toBe(null);
  });

  it("[B4.4] a second connection writes nothing more, nor does one that comes back within the grace", async () => {
    const [ada, room] = [fresh("ada"), fresh("room")];
    const peer = await join(room, ada);
    const before = await queryUser(ada, "SELECT * FROM rooms");
    await join(room, ada);
    peer.close(1001);
    await peer.closed;
    await evict(userStub(ada));
    await join(room, ada);
    expect(await queryUser(ada, "SELECT * FROM rooms")).toEqual(before);
    const again = await join(fresh("room"), ada);
    await again.ask({ type: "leave" });
    expect(await whereIs(ada)).toMatchObject({ connections: 2, rooms: [{ room }] });
  });

  it("[B8.2] who left an earlier time is not taken for who came back since", async () => {
    const [ada, room] = [fresh("ada"), fresh("room")];
    const mark = { issuedAt: Date.now() };
    const { stamp } = (await admit(ada, mark, room))!;
    expect((await admit(ada, mark, room))!.stamp).toBe(stamp);
    const anew = (await admit(ada, mark, room, stamp))!;
    expect(anew.stamp).toBeGreaterThan(stamp);
    await userStub(ada).left(room, stamp, Date.now());
    expect(await listed(ada)).toEqual([room]);
    await evict(userStub(ada));
    await userStub(ada).left(room, stamp, Date.now());
    expect(await listed(ada)).toEqual([room]);
    await userStub(ada).left(room, anew.stamp, Date.now());
    expect(await listed(ada)).toEqual([]);
    const later = (await admit(ada, mark, room))!;
    expect(later.stamp).toBeGreaterThan(anew.stamp);
  });

  it.each([
    ["at once, where nothing is retained", { RETENTION_SECONDS: "0" }],
    ["at once, where nobody is remembered", { MAX_REMEMBERED: "0" }],
  ])("[B8.2, L5.1] nor is who was forgotten %s", async (_when, limits) => {
    const [ada, room] = [fresh("ada"), fresh("room")];
    const session = toRoomSession(
      { user: { id: ada }, roles: [], expiresAt: Date.now() + 60_000 },
      Date.now(),
    );
    const admission = (await admit(ada, session, room))!;
    const joiner = { ...session, admission };
    const statuses = await runInDurableObject(roomStub(room), async (_room, state) => {
      const forgetful = new Room(state, { ...env, ...limits });
      const ask = async (asked: Omit<Untagged, "requestId">) => {
        const request = fromOldWorker({ requestId: "late", ...asked });
        const answer = await forgetful.fetch(new Request(ROOM_URL, request));
        answer.webSocket?.accept();
        return answer.status;
      };
      const lease = { token: "token", connection: "lease", isNew: true, update: {} };
      return [
        await ask({ joiner }),
        await ask({ joiner, lease }),
        await forgetful.kick(ada),
        await ask({ joiner, lease }),
        await ask({ joiner }),
      ];
    });
    expect(statuses).toEqual([101, 200, 2, 409, 409]);
    await restart(room);
    const request = fromOldWorker({ requestId: "later", joiner });
    expect((await roomStub(room).fetch(ROOM_URL, request)).status).toBe(409);
  });

  it("[B8.2, L5.1, M3.2] nor is who left hidden and was forgotten before that was stored", async () => {
    const [ada, room] = [fresh("ada"), fresh("room")];
    const session = toRoomSession(
      { user: { id: ada }, roles: [], expiresAt: Date.now() + 60_000 },
      Date.now(),
    );
    const joiner = { ...session, admission: (await admit(ada, session, room))! };
    const statuses = await runInDurableObject(roomStub(room), async (_room, state) => {
      const forgetful = new Room(state, { ...env, MAX_REMEMBERED: "0" });
      const ask = async (asked: Omit<Untagged, "requestId">) => {
        const request = fromOldWorker({ requestId: "late", ...asked });
        return (await forgetful.fetch(new Request(ROOM_URL, request))).status;
      };
      const update = { status: "offline" as const };
      const lease = { token: "token", connection: "lease", isNew: true, update };
      return [
        await ask({ joiner, lease }),
        await ask({ leaving: { connection: "lease", closing: false } }),
        await ask({ joiner, lease }),
      ];
    });
    expect(statuses).toEqual([200, 204, 409]);
  });

  it.each(["is read", "is looked through"])(
    "[B4.4, B8.2] a room that nobody arrived in is off the list once it %s, and the late arrival is admitted anew",
    async (how) => {
      const [ada, room] = [fresh("ada"), fresh("room")];
      const mark = { issuedAt: Date.now() };
      const admission = (await admit(ada, mark, room))!;
      expect(await listed(ada)).toEqual([room]);
      if (how === "is read") expect(await whereIs(ada)).toEqual({ user: ada, ...NOWHERE });
      else await runDurableObjectAlarm(userStub(ada));
      expect(await listed(ada)).toEqual([]);
      // Its alarm ends what is left.
      const isVacated = (await alarmOfUser(ada)) === null;
      expect(isVacated).toBe(how === "is looked through");
      await restart(room);
      const session = toRoomSession(
        { user: { id: ada }, roles: [], expiresAt: Date.now() + 60_000 },
        Date.now(),
      );
      const arrive = (joiner: typeof session) =>
        roomStub(room).fetch(ROOM_URL, fromOldWorker({ requestId: "late", joiner }));
      expect((await arrive({ ...session, admission })).status).toBe(409);
      const anew = (await admit(ada, mark, room, admission.stamp))!;
      const arrived = await arrive({ ...session, admission: anew });
      arrived.webSocket!.accept();
      expect(await whereIs(ada)).toMatchObject({ status: "online", rooms: [{ room }] });
    },
  );
});
