import { runDurableObjectAlarm } from "cloudflare:test";
import fc from "fast-check";
import { afterEach, expect, it, vi } from "vitest";
import { ROOM_URL } from "../../../src/server/room/room-request.ts";
import { type Admission, type RoomSession } from "../../../src/server/session/room-session.ts";
import { admit, breakRooms, mendRooms, queryUser, userStub } from "../../worker-kit/backend.ts";
import { evict } from "../../worker-kit/evict.ts";
import { Peer } from "../../worker-kit/peer.ts";
import { passTimeWithAlarms, restart, roomStub } from "../../worker-kit/time.ts";
import { fromOldWorker } from "../../worker-kit/old-worker.ts";
import { runs } from "../../property-cases.ts";

const ROOMS = ["here", "there"];

type Step =
  | { do: "admit"; room: number }
  | { do: "arrive" | "vanish" | "leave" | "close" | "revoke"; which: number }
  | { do: "revokeAll" | "forget" | "read" | "restartUser" | "passGrace" | "mend" }
  | { do: "restartRoom" | "breakRoom"; room: number };

const room = fc.nat(ROOMS.length - 1);
const which = fc.nat(20);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("admit" as const), room }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("arrive" as const), which }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom("vanish" as const, "leave" as const, "close" as const, "revoke" as const),
      which,
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom(
        "revokeAll" as const,
        "forget" as const,
        "mend" as const,
        "read" as const,
        "restartUser" as const,
        "passGrace" as const,
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom("restartRoom" as const, "breakRoom" as const),
      room,
    }),
  },
);

/** An admitted user, under way or in the room. */
interface Visit {
  room: string;
  session: RoomSession & { admission: Admission };
}

/** When the room is asked next, it has started again and no event has reached it since. */
const NOT_STARTED: Step[] = [
  { do: "read" },
  { do: "admit", room: 0 },
  { do: "arrive", which: 0 },
  { do: "restartRoom", room: 0 },
  { do: "admit", room: 0 },
  { do: "vanish", which: 0 },
];

let users = 0;

/** One user, and everything under way between their object and two rooms. */
class World {
  readonly user = `order-${++users}`;
  readonly rooms = ROOMS.map((name) => `${this.user}-${name}`);
  underWay: Visit[] = [];
  open: (Visit & { peer: Peer })[] = [];
  #sessions = 0;
  /** Sessions by id. */
  readonly #revoked = new Set<string>();
  readonly #gone = new Set<Peer>();
  /** The rooms that do not answer the user's object. */
  #broken: string[] = [];
  /** What such a room must still close: it may be called at any time. */
  #owed: (Visit & { peer: Peer; code: number })[] = [];
  /** Who was admitted before the user was forgotten. */
  readonly #early = new Set<Visit>();

  async take(step: Step): Promise<void> {
    // What comes later was issued later.
    vi.setSystemTime(Date.now() + 50);
    switch (step.do) {
      case "admit": {
        const session = {
          user: { id: this.user },
          roles: [],
          id: `s${++this.#sessions}`,
          issuedAt: Date.now(),
          expiresAt: Date.now() + 3_600_000,
        };
        return this.#admit(this.rooms[step.room]!, session, 0);
      }
      case "arrive":
        return this.#arrive(step.which);
      case "vanish":
        return void this.underWay.splice(step.which % (this.underWay.length || 1), 1);
      case "leave":
      case "close":
        return this.#end(step.which, step.do);
      case "revoke": {
        const all = [...this.underWay, ...this.open];
        const { session } = all[step.which % (all.length || 1)] ?? {};
        if (!session) return;
        this.#revoked.add(session.id!);
        await userStub(this.user).revoke(session.id!);
        return this.#expectClosed(({ id }) => id === session.id);
      }
      case "revokeAll":
        for (let n = 1; n <= this.#sessions; n++) this.#revoked.add(`s${n}`);
        await userStub(this.user).revoke(null);
        return this.#expectClosed(() => true);
      case "forget":
        await userStub(this.user).forget();
        for (const visit of this.underWay) this.#early.add(visit);
        return this.#expectClosed(() => true, 4403);
      case "breakRoom":
        if (this.#broken.length > 0) return;
        this.#broken = [this.rooms[step.room]!];
        return void (await breakRooms(this.user, this.#broken, "fail"));
      case "mend":
        return this.#mend();
      case "read":
        return void (await userStub(this.user).whereabouts());
      case "restartUser":
        await userStub(this.user).isRevoked({ issuedAt: 0 });
        await evict(userStub(this.user));
        if (this.#broken.length > 0) await breakRooms(this.user, this.#broken, "fail");
        return;
      case "restartRoom": {
        const name = this.rooms[step.room]!;
        const cut = this.open.filter((visit) => visit.room === name);
        await roomStub(name).sight(this.user, 0);
        await restart(name);
        this.#owed = this.#owed.filter((visit) => visit.room !== name);
        return this.#forget(cut);
      }
      case "passGrace":
        // Who is there gives a sign of life.
        await Promise.all(this.open.map(({ peer }) => peer.ask({ type: "idle", idle: false })));
        // Not a `ping`: the platform answers that by its own clock, which the test does not move.
        for (const { peer } of this.#owed) peer.sendAnyway({ type: "idle", idle: false });
        for (const name of this.rooms) {
          // After a restart, grace periods run from the room's next event (SPEC L6.1).
          await roomStub(name).sight(this.user, 0);
          await passTimeWithAlarms(name, 11);
        }
        return;
      default:
        step satisfies never;
    }
  }

  async #admit(room: string, session: RoomSession, above: number): Promise<void> {
    const { id, issuedAt } = session;
    const admission = await admit(this.user, { id: id!, issuedAt }, room, above);
    expect(admission === null).toBe(this.#revoked.has(id!));
    if (admission) this.underWay.push({ room, session: { ...session, admission } });
  }

  /** Like the Worker: a stale admission is renewed, and is under way again. */
  async #arrive(which: number): Promise<void> {
    const [visit] = this.underWay.splice(which % (this.underWay.length || 1), 1);
    if (!visit) return;
    const { room, session } = visit;
    const request = fromOldWorker({ requestId: "order", joiner: session });
    const answer = await roomStub(room).fetch(ROOM_URL, request);
    if (answer.status === 409) return this.#admit(room, session, session.admission.stamp);
    const isRevoked = this.#revoked.has(session.id!);
    const peer = new Peer(answer.webSocket!);
    await peer.untilType("snapshot");
    if (isRevoked || this.#early.has(visit)) {
      // The room does not know yet.
      expect(this.#broken).toContain(room);
      this.#owed.push({ ...visit, peer, code: isRevoked ? 4401 : 4403 });
      return;
    }
    void peer.closed.then(() => this.#gone.add(peer));
    this.open.push({ room, session, peer });
  }

  async #end(which: number, how: "leave" | "close"): Promise<void> {
    const visit = this.open[which % (this.open.length || 1)];
    if (!visit) return;
    if (how === "leave") visit.peer.send({ type: "leave" });
    else visit.peer.close(1001);
    return this.#forget([visit]);
  }

  async #expectClosed(isMeant: (session: RoomSession) => boolean, code = 4401): Promise<void> {
    const meant = this.open.filter(({ session }) => isMeant(session));
    const isOwed = ({ room }: Visit) => this.#broken.includes(room);
    await this.#expectCodes(
      meant.filter((visit) => !isOwed(visit)).map((one) => ({ ...one, code })),
    );
    this.#owed.push(...meant.filter(isOwed).map((visit) => ({ ...visit, code })));
    await this.#forget(meant);
  }

  /** The latest request may arrive first. */
  async #expectCodes(visits: (Visit & { peer: Peer; code: number })[]): Promise<void> {
    const codes = await Promise.all(visits.map(async ({ peer }) => (await peer.closed).code));
    for (const code of codes) expect([4401, 4403]).toContain(code);
    if (this.#owed.length === 0) expect(codes).toEqual(visits.map(({ code }) => code));
  }

  /** All rooms answer again, and get their pending calls. */
  async #mend(): Promise<void> {
    this.#broken = [];
    await mendRooms(this.user);
    await runDurableObjectAlarm(userStub(this.user));
    await this.#expectCodes(this.#owed);
    this.#owed = [];
  }

  async #forget(visits: Visit[]): Promise<void> {
    this.open = this.open.filter((visit) => !visits.includes(visit));
  }

  /** Every room with an open connection is on the list, and none was closed that should not be. */
  async check(): Promise<void> {
    const present = new Set(this.open.map((visit) => visit.room));
    if (present.size === 0) return;
    const rows = await queryUser(this.user, "SELECT room FROM rooms WHERE last_online IS NULL");
    expect(rows.map((row) => row["room"])).toEqual(expect.arrayContaining([...present]));
    expect(this.open.filter(({ peer }) => this.#gone.has(peer))).toEqual([]);
  }

  /** The rooms and the number of connections, once all grace periods are over. */
  get truth(): [string[], number] {
    return [[...new Set(this.open.map(({ room }) => room))].toSorted(), this.open.length];
  }

  /** The same as it is told. */
  async told(): Promise<[string[], number]> {
    const { rooms, connections } = await userStub(this.user).whereabouts();
    return [rooms.map((entry) => entry.room), connections];
  }
}

afterEach(() => void vi.useRealTimers());

it("[B3.2, B4.4, B8.2, B11.1] in every order of admissions, arrivals, ends, revocations, reads, faults and restarts nobody is missed and nobody revoked or forgotten is in", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 3, maxLength: 25, size: "max" }),
      async (steps) => {
        const world = new World();
        for (const each of steps) {
          await world.take(each);
          await world.check();
        }
        await world.take({ do: "mend" });
        await world.take({ do: "passGrace" });
        expect(await world.told()).toEqual(world.truth);
      },
    ),
    { numRuns: runs(25), examples: [[NOT_STARTED]] },
  );
});
