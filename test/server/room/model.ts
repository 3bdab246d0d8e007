import fc from "fast-check";
import { expect, vi } from "vitest";
import { applyDelta, applySnapshot, type Roll } from "../../../src/client/roll.ts";
import type { Delta, Snapshot, Status } from "../../../src/protocol/messages.ts";
import { formatSince, isSame, type Since } from "../../../src/protocol/since.ts";
import type { RoomLimits } from "../../../src/server/config.ts";
import { Broadcaster } from "../../../src/server/room/broadcaster.ts";
import { GroupCommit } from "../../../src/server/room/group-commit.ts";
import { Connection } from "../../../src/server/room/connection.ts";
import { leaseEnd } from "../../../src/server/room/lease-session.ts";
import { answerRead } from "../../../src/server/room/read.ts";
import type { ConnectionRef } from "../../../src/server/room/changes.ts";
import { Roster } from "../../../src/server/room/roster.ts";
import type { SavedRoster } from "../../../src/server/room/store.ts";

export const LIMITS = {
  maxConnectionsPerUser: 4,
  maxConnectionsPerRoom: 12,
  maxRemembered: 1_000,
  staleMs: 45_000,
  graceMs: 8_000,
  retentionMs: 60_000,
};
export const USERS = ["ada", "bob", "Cleo", "déa", "eve"];
const STATUSES: (Status | null)[] = ["online", "away", "busy", "offline", null];
export const LONGEST_GATHERING_MS = 1_000;

function sessionOf(user: string, issuedAt: number) {
  return { user: { id: user }, roles: [], issuedAt, expiresAt: issuedAt + 1e9 };
}

export type Step =
  | { do: "join"; user: number; resume: boolean; hasNewName: boolean }
  | { do: "leave" | "lose" | "stale"; which: number }
  | { do: "idle"; which: number; idle: boolean }
  | { do: "update"; which: number; status?: Status | null; data?: { n: number } | null }
  | { do: "lease"; user: number }
  | { do: "renew" | "release"; which: number }
  | { do: "pass"; ms: number }
  | { do: "restart" };

const which = fc.nat(20);
export const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("join" as const),
      user: fc.nat(USERS.length - 1),
      resume: fc.boolean(),
      hasNewName: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom("leave" as const, "lose" as const, "stale" as const),
      which,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("lease" as const), user: fc.nat(USERS.length - 1) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom("renew" as const, "renew" as const, "release" as const),
      which,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("idle" as const), which, idle: fc.boolean() }),
  },
  {
    weight: 4,
    arbitrary: fc.record(
      {
        do: fc.constant("update" as const),
        which,
        status: fc.constantFrom(...STATUSES),
        data: fc.option(fc.record({ n: fc.nat(2) })),
      },
      { requiredKeys: ["do", "which"] },
    ),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("pass" as const),
      ms: fc.constantFrom(1, 4, 9, 40, 45, 500, 7_999, 8_000, 30_000, 60_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("restart" as const) }) },
);

/** A client: it applies what its socket gets, and keeps what it holds when it is cut off. */
export class Client {
  roll: Roll | null = null;
  readonly user: string;
  connection: Connection | null = null;
  /** All that its sockets got, and when. */
  readonly frames: { at: number; text: string }[] = [];
  /** Deltas that did not chain to what it held (SPEC W5). */
  readonly misfits: string[] = [];
  constructor(user: string) {
    this.user = user;
  }
  receive(text: string): Snapshot | Delta {
    const frame = JSON.parse(text) as Snapshot | Delta;
    this.frames.push({ at: Date.now(), text });
    if (frame.type === "snapshot") {
      this.roll = applySnapshot(this.roll, frame);
      return frame;
    }
    const roll = applyDelta(this.roll, frame);
    // A throw from here would end in the connection's `send`, as one of a closing socket does.
    if (roll === null) this.misfits.push(`${this.roll?.version}: ${text}`);
    this.roll = roll;
    return frame;
  }
}

/**
 * The room without its shell: roster, broadcaster and what storage would hold, under a fake clock.
 * A restart is a crash: what was not stored is lost.
 */
export class Model {
  clients: Client[] = [];
  stored = new Map<string, string>();
  storedEpoch = "";
  storedFloor = 0;
  /** What may be told: the state that is stored. */
  storedState: Since | null = null;
  /** Whether storage holds a room at all. */
  exists = false;
  sockets = new Set<Connection>();
  roster: Roster;
  broadcaster: Broadcaster;
  /** Leases that were given; what became of each is the roster's to say (SPEC P1). */
  leases: ConnectionRef[] = [];
  commits = this.#newCommits();
  epochs = 0;
  joins = 0;
  /** What readers over HTTP held at some time: `GET ?since=` must bring each up to date. */
  readers: Roll[] = [];

  readonly limits: RoomLimits;

  constructor(limits: RoomLimits = LIMITS) {
    this.limits = limits;
    this.roster = new Roster(limits, this.#fresh());
    this.broadcaster = this.#newBroadcaster();
  }

  #fresh(): SavedRoster {
    this.storedFloor = 0;
    this.exists = false;
    return { epoch: `epoch-${++this.epochs}`, floor: 0, records: [] };
  }

  #newBroadcaster(): Broadcaster {
    const { commits } = this;
    return new Broadcaster("room", this.roster, this.sockets, {
      store: (now) => commits.write(now),
      guard: (act) => act(),
    });
  }

  #newCommits(): GroupCommit {
    // A timer that outlives a crash finds nothing to do.
    const commits: GroupCommit = new GroupCommit({
      store: () => commits === this.commits && this.#store(),
      publish: (now) => commits === this.commits && this.broadcaster.publish(now),
      guard: (act) => act(),
    });
    return commits;
  }

  get live(): Client[] {
    return this.clients.filter((client) => client.connection !== null);
  }

  #store(): boolean {
    let wrote = false;
    this.roster.passChanges(({ saved, forgotten, visible }) => {
      for (const id of forgotten) this.stored.delete(id);
      for (const record of saved) this.stored.set(record.id, JSON.stringify(record));
      wrote = saved.length > 0 || forgotten.length > 0;
      this.broadcaster.note(visible.keys());
    });
    this.storedEpoch = this.roster.epoch;
    this.storedFloor = this.roster.floor;
    this.storedState = this.roster.list.state;
    this.exists ||= wrote;
    if (!this.exists || !this.roster.isEmpty) return wrote;
    expect(this.stored.size).toBe(0);
    this.broadcaster.stop();
    this.roster = new Roster(this.limits, this.#fresh());
    this.broadcaster = this.#newBroadcaster();
    return wrote;
  }

  join({ user, resume, hasNewName }: Extract<Step, { do: "join" }>, now: number): void {
    const id = USERS[user]!;
    const cutOff = this.clients.find((client) => client.user === id && !client.connection);
    const client = resume && cutOff ? cutOff : new Client(id);
    const connection = `connection-${++this.joins}`;
    const profile = hasNewName ? { id, name: `${id} at ${now}` } : { id };
    const joiner = { user: profile, roles: [], issuedAt: now, expiresAt: now + 1e9 };
    if (this.roster.join(now, joiner, connection) !== "joined") return;
    const socket = {
      send: (text: string) => {
        const frame = client.receive(text);
        // What a crash could take back must not be told.
        if (!isSame(frame, this.storedState!)) client.misfits.push(`not stored: ${text}`);
      },
      serializeAttachment() {},
      close() {},
    } as unknown as WebSocket;
    client.connection = Connection.open(socket, {
      id: connection,
      origin: "https://presence.example.com",
      renews: false,
      session: joiner,
      heardAt: now,
      view: id === "eve" ? "snapshot" : "delta",
    });
    this.sockets.add(client.connection);
    this.broadcaster.greet(client.connection, client.roll);
    if (!this.clients.includes(client)) this.clients.push(client);
  }

  lease(user: string, now: number): void {
    const ref = { user, connection: `lease-${++this.joins}` };
    const leasedUntil = leaseEnd(now, LIMITS.staleMs, Number.POSITIVE_INFINITY);
    const session = sessionOf(user, now);
    if (this.roster.join(now, session, ref.connection, { leasedUntil }) === "joined")
      this.leases.push(ref);
  }

  renew(ref: ConnectionRef, now: number): void {
    if (!this.roster.holds(ref)) return;
    this.roster.renewLease(now, ref, sessionOf(ref.user, now));
  }

  cut(client: Client, how: "leave" | "lose" | "stale", now: number): void {
    const { ref } = client.connection!;
    this.sockets.delete(client.connection!);
    this.broadcaster.forget(client.connection!);
    client.connection = null;
    if (how === "leave") this.roster.end(now, ref, now);
    if (how === "lose") this.roster.lose(now, ref);
    if (how === "stale") this.roster.end(now, ref, now - 40_000);
  }

  restart(now: number): void {
    this.broadcaster.stop();
    this.sockets.clear();
    for (const client of this.clients) client.connection = null;
    const records = [...this.stored.values()].map((text) => JSON.parse(text));
    const saved = { epoch: this.storedEpoch, floor: this.storedFloor, records };
    this.roster = new Roster(this.limits, this.exists ? saved : this.#fresh());
    this.commits = this.#newCommits();
    this.broadcaster = this.#newBroadcaster();
    this.roster.reconcile(now, new Set());
    this.roster.advance(now);
  }

  /** Takes a step; one of a connection is that of a user whom `isMeant` names. */
  async take(
    step: Step,
    now: number,
    isMeant: (user: string) => boolean = () => true,
  ): Promise<void> {
    this.roster.advance(now);
    const live = this.live.filter(({ user }) => isMeant(user));
    const leases = this.leases.filter(({ user }) => isMeant(user));
    const client = "which" in step ? live[step.which % Math.max(1, live.length)] : null;
    const lease = "which" in step ? leases.at(-1 - (step.which % 3)) : undefined;
    switch (step.do) {
      case "join":
        this.join(step, now);
        break;
      case "leave":
      case "lose":
      case "stale":
        if (client) this.cut(client, step.do, now);
        break;
      case "idle":
        if (client) this.roster.idle(now, client.connection!.ref, step.idle);
        break;
      case "update":
        if (client) this.roster.update(now, client.user, step);
        break;
      case "lease":
        this.lease(USERS[step.user]!, now);
        break;
      case "renew":
        if (lease) this.renew(lease, now);
        break;
      case "release":
        if (lease) this.roster.lose(now, lease);
        break;
      case "restart":
        this.restart(now);
        break;
      case "pass":
        break;
    }
    this.commits.soon(now);
    if (step.do === "pass") await vi.advanceTimersByTimeAsync(step.ms);
  }

  async get(since?: Roll): Promise<Snapshot | Delta> {
    this.commits.now(Date.now());
    const asked = { requestId: "", ...(since && { since }) };
    return answerRead(asked, null, this.roster, this.broadcaster).json();
  }

  /** Lets every gathering end, then holds everybody against what `GET` answers. */
  async check(): Promise<void> {
    await vi.advanceTimersByTimeAsync(LONGEST_GATHERING_MS);
    const truth = applySnapshot(null, (await this.get()) as Snapshot);
    for (const client of this.clients) expect(client.misfits).toEqual([]);
    for (const client of this.live) expect(client.roll).toEqual(truth);
    for (const reader of this.readers) {
      const answer = await this.get(reader);
      const roll =
        answer.type === "delta" ? applyDelta(reader, answer) : applySnapshot(null, answer);
      expect(roll, formatSince(reader)).toEqual(truth);
    }
    this.readers = [...this.readers.slice(-3), truth];
    const present = truth.members.filter((member) => member.status !== "offline");
    expect(truth.members.length - present.length).toBeLessThanOrEqual(this.limits.maxRemembered);
    expect(truth.online).toBe(present.length);
    expect(truth.connections).toBe(present.reduce((sum, member) => sum + member.connections, 0));
    for (const member of truth.members) {
      expect(member.lastOnline === null).toBe(member.status !== "offline");
      expect(member.connections > 0).toBe(member.status !== "offline");
    }
  }
}
