import type { Data, Status } from "../../protocol/messages.ts";
import type { RoomLimits } from "../config.ts";
import type { RoomSession } from "../room-request.ts";
import { markOf, type SessionMark } from "../user/revocation.ts";
import { entryOf, UNLISTED, type Entry } from "./entry.ts";
import {
  applyAdmission,
  applyProfile,
  choose,
  dueAt,
  endedLease,
  endPlace,
  firstLost,
  hasNewProfile,
  hasNewStamp,
  isListed,
  isPresent,
  newRecord,
  settle,
} from "./member.ts";
import type { MemberRecord, Place } from "./member.ts";

/** What storage gives back of a room. */
export interface SavedRoster {
  epoch: string;
  /** The version of the last removal from the list: who knows less must take a snapshot (SPEC V4). */
  floor: number;
  records: MemberRecord[];
}

/** What happened since it was last asked: what to store, and whom others see changed. */
export interface Changes {
  saved: MemberRecord[];
  forgotten: string[];
  /** Whose entry on the list changed, came or went: its JSON before, `undefined` for none. */
  visible: ReadonlyMap<string, string | undefined>;
  /** Leases that were not renewed. */
  expired: ConnectionRef[];
  /** Who has no place any more. */
  departed: Departure[];
}

/** A member's last place has ended. */
export interface Departure {
  user: string;
  /** The newest that they were admitted with; 0 for none. */
  stamp: number;
  /** As others are shown it, in milliseconds since 1970. */
  lastOnline: number | null;
}

/** What a client may change of its member; absent keys stay as they are (SPEC W8). */
export interface MemberUpdate {
  status?: Status | null | undefined;
  data?: Data | null | undefined;
}

/** What a connection may begin with. */
export interface NewPlace {
  idle?: boolean | undefined;
  /** When it ends, where it is a lease, in milliseconds. */
  leasedUntil?: number;
}

/** Where a connection belongs. */
export interface ConnectionRef {
  user: string;
  connection: string;
}

/**
 * Who is in the room: members, their connections, and the versions of what others see of them
 * (SPEC M, V, and of L the grace and retention). It knows neither sockets nor storage nor clocks:
 * `now` comes in, in milliseconds, and {@link passChanges} tells what to store and to broadcast.
 *
 * @example
 * const roster = new Roster(limits, { epoch, floor: 0, records: [] });
 * roster.join(now, joiner, connection);
 * roster.passChanges(({ visible }) => console.log([...visible.keys()])); // [joiner.user.id]
 */
export class Roster {
  readonly epoch: string;
  readonly #limits: RoomLimits;
  readonly #records = new Map<string, MemberRecord>();
  /** Of the listed members only. */
  readonly #entries = new Map<string, Entry>();
  readonly #saved = new Set<MemberRecord>();
  readonly #forgotten = new Set<string>();
  readonly #visible = new Map<string, string | undefined>();
  readonly #expired: ConnectionRef[] = [];
  readonly #departed: Departure[] = [];
  #version: number;
  #floor: number;
  #online = 0;
  #connections = 0;
  #places = 0;
  #dueAt = Number.POSITIVE_INFINITY;

  constructor(limits: RoomLimits, { epoch, floor, records }: SavedRoster) {
    this.#limits = limits;
    this.epoch = epoch;
    this.#floor = floor;
    this.#version = floor;
    for (const record of records) {
      this.#records.set(record.id, record);
      this.#version = Math.max(this.#version, record.version);
      this.#places += record.places.length;
      this.#enter(record.id, entryOf(record));
      this.#dueAt = Math.min(this.#dueAt, dueAt(record, limits));
    }
  }

  get version(): number {
    return this.#version;
  }

  get floor(): number {
    return this.#floor;
  }

  /** Members whose status is not offline. */
  get online(): number {
    return this.#online;
  }

  /** The connections of those. */
  get connections(): number {
    return this.#connections;
  }

  /** Whether nobody is known any more, so that the room keeps nothing (SPEC L5). */
  get isEmpty(): boolean {
    return this.#records.size === 0;
  }

  /** No later than when the next grace or retention ends; `Infinity` where none runs. */
  get dueAt(): number {
    return this.#dueAt;
  }

  /** How many members are known, those who are offline included. */
  get size(): number {
    return this.#records.size;
  }

  /** The status a member chose, `null` for none. */
  chosenBy(user: string): Status | null {
    return this.#records.get(user)?.chosen ?? null;
  }

  /** What is kept of a member; it must not be changed. */
  find(user: string): Readonly<MemberRecord> | undefined {
    return this.#records.get(user);
  }

  /** Whether a user's connection has its place and is not lost. */
  holds(ref: ConnectionRef): boolean {
    return this.#placeOf(ref)?.lostAt === null;
  }

  /** Whose a lease is; `null` for one that is none. Looks at everybody: leases are few, and end seldom. */
  ownerOfLease(connection: string): string | null {
    for (const { id, places } of this.#records.values()) {
      for (const place of places) {
        if (place.connection === connection && place.leasedUntil !== undefined) return id;
      }
    }
    return null;
  }

  /** The leases of a user that live, and the sessions that they were made with. */
  leasesOf(user: string): { connection: string; session: SessionMark }[] {
    const places = this.#records.get(user)?.places ?? [];
    return places.flatMap(({ connection, lostAt, session }) =>
      session && lostAt === null ? [{ connection, session }] : [],
    );
  }

  /**
   * Adds a connection, in the place of one in its grace where there is one (SPEC A6, L4); a lease
   * with the time of its end (SPEC P1).
   */
  join(
    now: number,
    session: Omit<RoomSession, "roles" | "expiresAt">,
    connection: string,
    { idle = false, leasedUntil }: NewPlace = {},
  ): "joined" | "too_many_connections" | "room_full" {
    const { user, issuedAt, admission } = session;
    const record = this.#records.get(user.id) ?? newRecord(user, issuedAt);
    const lost = firstLost(record);
    if (!lost) {
      if (record.places.length >= this.#limits.maxConnectionsPerUser) return "too_many_connections";
      if (this.#places >= this.#limits.maxConnectionsPerRoom) return "room_full";
    }
    this.#records.set(user.id, record);
    this.#change(now, record, () => {
      applyProfile(record, user, issuedAt);
      applyAdmission(record, admission);
      record.places = record.places.filter((place) => place !== lost);
      record.places.push({
        connection,
        idle,
        lostAt: null,
        ...(leasedUntil !== undefined && { leasedUntil }),
        ...(leasedUntil !== undefined && admission && { session: markOf(session) }),
      });
    });
    return "joined";
  }

  /** Gives a lease a later end. */
  renewLease(now: number, ref: ConnectionRef, leasedUntil: number): void {
    this.#changePlace(now, ref, (place) => {
      place.leasedUntil = leasedUntil;
    });
  }

  /** Takes over name and picture of a newer session (SPEC M6, T3). */
  renew(
    now: number,
    { user, issuedAt, admission }: Pick<RoomSession, "user" | "issuedAt" | "admission">,
  ): void {
    const record = this.#records.get(user.id);
    if (!record) return;
    if (hasNewStamp(record, admission)) {
      this.#change(now, record, () => applyAdmission(record, admission));
    }
    if (hasNewProfile(record, user)) {
      this.#change(now, record, () => applyProfile(record, user, issuedAt));
    } else {
      // Not worth a row: it is stored with the next change.
      record.issuedAt = Math.max(record.issuedAt, issuedAt);
    }
  }

  /** Changes what a member chose and their data; tells whether the choice is another now. */
  update(now: number, user: string, { status, data }: MemberUpdate): boolean {
    const record = this.#records.get(user);
    if (!record) return false;
    const { chosen } = record;
    this.#change(now, record, () => {
      if (status !== undefined) choose(record, status, now);
      if (data !== undefined && isPresent(record)) record.data = data;
    });
    return record.chosen !== chosen;
  }

  /** Tells whether the person is at a connection (SPEC W9). */
  idle(now: number, ref: ConnectionRef, idle: boolean): void {
    this.#changePlace(now, ref, (place) => {
      place.idle = idle;
    });
  }

  /** Ends a connection with no grace; `endedAt` is its last sign of life (SPEC R4). */
  end(now: number, ref: ConnectionRef, endedAt: number): void {
    this.#changePlace(now, ref, (place, record) => endPlace(record, place, endedAt));
  }

  /** Ends all connections of a user with no grace; answers those that lived. */
  endAll(now: number, user: string): ConnectionRef[] {
    const places = this.#records.get(user)?.places ?? [];
    for (const { connection } of places) this.end(now, { user, connection }, now);
    const live = places.filter(({ lostAt }) => lostAt === null);
    return live.map(({ connection }) => ({ user, connection }));
  }

  /** Starts the grace of a connection that was lost (SPEC L4); a second loss changes nothing. */
  lose(now: number, ref: ConnectionRef): void {
    this.#changePlace(now, ref, (place) => {
      place.lostAt ??= now;
    });
  }

  /** Loses every connection that had a socket and has none, as after a restart (SPEC L6); answers them. */
  reconcile(now: number, live: ReadonlySet<string>): ConnectionRef[] {
    const lost: ConnectionRef[] = [];
    for (const { id: user, places } of this.#records.values()) {
      for (const { connection, lostAt, leasedUntil } of places) {
        const isCut = lostAt === null && leasedUntil === undefined && !live.has(connection);
        if (isCut) lost.push({ user, connection });
      }
    }
    for (const ref of lost) this.lose(now, ref);
    return lost;
  }

  /** Does all that is due: ends graces, takes old entries off the list, forgets (SPEC L4, L5, M3). */
  advance(now: number): void {
    if (now < this.#dueAt) return;
    this.#dueAt = Number.POSITIVE_INFINITY;
    for (const record of this.#records.values()) this.#settle(now, record);
  }

  /** Whether {@link passChanges} has anything to hand over. */
  get isChanged(): boolean {
    return this.#saved.size + this.#forgotten.size + this.#visible.size > 0;
  }

  /** Hands over what changed since the last call that went well; where `take` throws, it is kept. */
  passChanges(take: (changes: Changes) => void): void {
    take({
      saved: [...this.#saved],
      forgotten: [...this.#forgotten],
      visible: new Map(this.#visible),
      expired: this.#expired.slice(),
      departed: this.#departed.slice(),
    });
    this.#expired.length = 0;
    this.#departed.length = 0;
    this.#saved.clear();
    this.#forgotten.clear();
    this.#visible.clear();
  }

  /** The JSON of every listed member, ordered by id (SPEC R3). */
  members(): string[] {
    return [...this.#entries.keys()].toSorted().map((id) => this.#entries.get(id)!.json);
  }

  /** The JSON of one member; `undefined` for one who is not on the list. */
  member(id: string): string | undefined {
    return this.#entries.get(id)?.json;
  }

  /** The ids of all that changed after a version; `null` where the room no longer knows (SPEC V4). */
  changedSince(version: number): string[] | null {
    if (version > this.#version || version < this.#floor) return null;
    return [...this.#entries.keys()].filter((id) => this.#records.get(id)!.version > version);
  }

  #placeOf({ user, connection }: ConnectionRef): Place | undefined {
    const places = this.#records.get(user)?.places;
    return places?.find((place) => place.connection === connection);
  }

  #changePlace(
    now: number,
    ref: ConnectionRef,
    mutate: (place: Place, record: MemberRecord) => void,
  ): void {
    const record = this.#records.get(ref.user);
    const place = this.#placeOf(ref);
    if (record && place) this.#change(now, record, () => mutate(place, record));
  }

  /** Every change goes through here: it counts as a version only where others see it (SPEC V1). */
  #change(now: number, record: MemberRecord, mutate: () => void): void {
    const placesBefore = record.places.length;
    const storedBefore = JSON.stringify(record);
    mutate();
    this.#places += record.places.length - placesBefore;
    if (placesBefore > 0 && record.places.length === 0) {
      const { id: user, stamp, lastOnline } = record;
      this.#departed.push({ user, stamp, lastOnline });
    }
    const entry = entryOf(record);
    const before = this.#entries.get(record.id);
    if (entry.json !== (before ?? UNLISTED).json) {
      record.version = ++this.#version;
      if (entry === UNLISTED) this.#floor = this.#version;
      if (!this.#visible.has(record.id)) this.#visible.set(record.id, before?.json);
      this.#enter(record.id, entry);
    }
    if (JSON.stringify(record) !== storedBefore) this.#saved.add(record);
    this.#settle(now, record);
  }

  /** Does what is due for one member, and notes when the next will be. */
  #settle(now: number, record: MemberRecord): void {
    const due = dueAt(record, this.#limits);
    if (due > now) {
      this.#dueAt = Math.min(this.#dueAt, due);
    } else if (record.places.length === 0 && !isListed(record)) {
      this.#records.delete(record.id);
      this.#saved.delete(record);
      this.#forgotten.add(record.id);
    } else {
      this.#change(now, record, () => this.#settleOne(now, record));
    }
  }

  #settleOne(now: number, record: MemberRecord): void {
    const lease = endedLease(record, now);
    if (!lease) return settle(record, this.#limits, now);
    this.#expired.push({ user: record.id, connection: lease.connection });
    endPlace(record, lease, lease.leasedUntil! - this.#limits.staleMs);
  }

  #enter(id: string, entry: Entry): void {
    const before = this.#entries.get(id) ?? UNLISTED;
    this.#online += entry.online - before.online;
    this.#connections += entry.connections - before.connections;
    if (entry === UNLISTED) this.#entries.delete(id);
    else this.#entries.set(id, entry);
  }
}
