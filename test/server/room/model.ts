import { env } from "cloudflare:workers";
import { expect, vi } from "vitest";
import { applyDelta, applySnapshot, type Replica } from "../../../src/client/replica.ts";
import type { Delta, Snapshot } from "../../../src/protocol/messages.ts";
import { formatSince, isSame, type Since } from "../../../src/protocol/since.ts";
import type { Config, RoomLimits } from "../../../src/server/config/config.ts";
import { parseConfig } from "../../../src/server/config/parse.ts";
import { admit, welcome } from "../../../src/server/room/connections/admission.ts";
import type { ConnectionRef } from "../../../src/server/room/members/changes.ts";
import { Connection } from "../../../src/server/room/connections/connection.ts";
import { drop } from "../../../src/server/room/connections/leave.ts";
import { leaseEnd } from "../../../src/server/room/members/lease-session.ts";
import { answerRead } from "../../../src/server/room/read.ts";
import { RoomState } from "../../../src/server/room/room-state.ts";
import { Roster } from "../../../src/server/room/members/roster.ts";
import { Store } from "../../../src/server/room/storage/store.ts";
import { sweep } from "../../../src/server/room/connections/sweep.ts";
import { TurnEnd } from "../../../src/server/room/turn-end.ts";
import { Client, heldIn } from "./model-client.ts";
import { USERS, type Step } from "./model-steps.ts";

export const LIMITS = {
  maxConnectionsPerUser: 4,
  maxConnectionsPerRoom: 12,
  maxRemembered: 1_000,
  staleMs: 45_000,
  graceMs: 8_000,
  retentionMs: 60_000,
};
export const LONGEST_GATHERING_MS = 1_000;

function sessionOf(user: string, issuedAt: number) {
  return { user: { id: user }, roles: [], issuedAt, expiresAt: issuedAt + 1e9 };
}

/**
 * The real room, with its turns and its storage, but with fake sockets, a fake clock and without the
 * platform's events. A restart is a crash: what was not stored is lost.
 */
export class Model {
  clients: Client[] = [];
  /** The clients that do not see the whole room. */
  readonly others: Client[] = [];
  /** The leases that were created; the roster knows the state of each (SPEC P1). */
  leases: ConnectionRef[] = [];
  joins = 0;
  /** What readers over HTTP held at some time: `GET ?since=` must bring each up to date. */
  readers: Replica[] = [];
  readonly limits: RoomLimits;
  readonly #storage: DurableObjectStorage;
  readonly #config: Config;
  #room: RoomState;
  #turnEnd: TurnEnd;
  /** `null` after each query, until it is asked for. */
  #stored: Since | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  /** When the room needs its next turn; `Infinity` if it may hibernate. */
  #nextAt = Number.POSITIVE_INFINITY;
  #alarmTimer: ReturnType<typeof setTimeout> | null = null;

  constructor(
    storage: DurableObjectStorage,
    limits: RoomLimits = LIMITS,
    settings: Partial<Config> = {},
  ) {
    void storage.deleteAll();
    this.#storage = storage;
    this.limits = limits;
    this.#config = { ...parseConfig(env), limits, ...settings };
    this.#room = this.#newRoom();
    this.#turnEnd = new TurnEnd(this.#room);
  }

  get room(): RoomState {
    return this.#room;
  }

  /** Everybody who has or had a socket. */
  get connected(): Client[] {
    return [...this.clients, ...this.others];
  }

  get roster(): Roster {
    return this.#room.roster;
  }

  get live(): Client[] {
    return this.clients.filter((client) => client.connection !== null);
  }

  /** The state of the room that is stored, as it would be after a crash. */
  get stored(): Since {
    this.#stored ??= new Roster(this.limits, new Store(this.#storage, "room").load()).list.state;
    return this.#stored;
  }

  #newRoom(): RoomState {
    const { sql } = this.#storage;
    const storage = {
      sql: {
        exec: (...query: [string]) => {
          this.#stored = null;
          return sql.exec(...query);
        },
      },
      deleteAll: () => {
        this.#stored = null;
        return this.#storage.deleteAll();
      },
      // The test's own alarm: the platform's would wake a room beside this one.
      setAlarm: async (at: number) => {
        clearTimeout(this.#alarmTimer);
        this.#alarmTimer = setTimeout(() => this.#alarm(), at - Date.now());
      },
    } as unknown as DurableObjectStorage;
    // Every socket is heard of, until it is cut.
    return new RoomState({
      name: "room",
      config: this.#config,
      storage,
      pingedAt: () => new Date(),
    });
  }

  #alarm(): void {
    this.#room.alarm.unset();
    this.turn((now) => sweep(this.#room, now), true);
  }

  /** Runs one event like the room's shell. */
  turn<Result>(act: (now: number) => Result, durable = false): Result {
    const now = Date.now();
    this.#room.advance(now);
    const result = act(now);
    const nextAt = this.#turnEnd.run(now, durable);
    this.#nextAt = nextAt;
    clearTimeout(this.#timer);
    if (nextAt !== Number.POSITIVE_INFINITY) {
      this.#timer = setTimeout(() => this.turn(() => {}), nextAt - now);
    }
    return result;
  }

  join({ user, resume, hasNewName }: Extract<Step, { do: "join" }>, now: number): void {
    const id = USERS[user]!;
    const cutOff = this.clients.find((client) => client.user === id && !client.connection);
    const client = resume && cutOff ? cutOff : new Client(id);
    const connection = `connection-${++this.joins}`;
    const profile = hasNewName ? { id, name: `${id} at ${now}` } : { id };
    const joiner = { user: profile, roles: [], issuedAt: now, expiresAt: now + 1e9 };
    if (admit(this.#room, joiner, connection, now) !== null) return;
    client.connection = Connection.open(this.open(client), {
      id: connection,
      origin: "https://presence.example.com",
      renews: false,
      session: joiner,
      heardAt: now,
      view: id === "eve" ? "snapshot" : "delta",
    });
    welcome(this.#room, client.connection, joiner, client.roll, now);
    if (!this.clients.includes(client)) this.clients.push(client);
  }

  /** Opens a client's socket, which must not receive anything that a crash could undo. */
  open(client: Client): WebSocket {
    return client.open((state, text) => {
      if (!isSame(state, this.stored)) client.misfits.push(`not stored: ${text}`);
    });
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
    const connection = client.connection!;
    const { ref } = connection;
    drop(this.#room, connection, how === "leave" ? "left" : how === "lose" ? "closed" : "stale");
    client.connection = null;
    if (how === "leave") this.roster.end(now, ref, now);
    if (how === "lose") this.roster.lose(now, ref);
    if (how === "stale") this.roster.end(now, ref, now - 40_000);
  }

  restart(now: number): void {
    for (const client of this.connected) client.connection = null;
    this.#begin(now);
  }

  /** Hibernates if the room may, with all sockets open. */
  sleep(): void {
    this.turn(() => {}, true);
    if (this.#nextAt !== Number.POSITIVE_INFINITY) return;
    this.turn((now) => this.#begin(now));
    for (const client of this.connected) {
      const { connections } = this.#room;
      if (client.connection) client.connection = connections.get(client.socket!) ?? null;
    }
  }

  #begin(now: number): void {
    clearTimeout(this.#timer);
    this.#room = this.#newRoom();
    this.#turnEnd = new TurnEnd(this.#room);
    const open = this.connected.filter(({ connection }) => connection !== null);
    this.#room.wake(
      open.map(({ socket }) => socket!),
      now,
    );
  }

  /** Takes a step; one of a connection is that of a user whom `isMeant` names. */
  async take(
    step: Step,
    now: number,
    isMeant: (user: string) => boolean = () => true,
  ): Promise<void> {
    this.turn(() => this.#take(step, now, isMeant));
    if (step.do === "pass") vi.advanceTimersByTime(step.ms);
  }

  #take(step: Step, now: number, isMeant: (user: string) => boolean): void {
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
  }

  async get(since?: Replica): Promise<Snapshot | Delta> {
    const asked = { requestId: "", ...(since && { since }) };
    return this.turn(() => answerRead(asked, null, this.#room), true).json();
  }

  /** Lets all changes be sent, then compares everybody with the answer of `GET`. */
  async check(): Promise<void> {
    vi.advanceTimersByTime(LONGEST_GATHERING_MS);
    const truth = applySnapshot(null, (await this.get()) as Snapshot);
    for (const client of this.clients) expect(client.misfits).toEqual([]);
    for (const client of this.live) expect(heldIn(client.roll)).toEqual(heldIn(truth));
    for (const reader of this.readers) {
      const answer = await this.get(reader);
      const roll =
        answer.type === "delta" ? applyDelta(reader, answer) : applySnapshot(null, answer);
      expect(heldIn(roll), formatSince(reader)).toEqual(heldIn(truth));
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
