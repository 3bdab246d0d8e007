import type { RoomLimits } from "../../config/config.ts";
import type { ChangeLog } from "./changes.ts";
import type { List } from "./list.ts";
import {
  dueAt,
  endedLease,
  endPlace,
  graceEnd,
  isListed,
  isRemembered,
  settle,
  storedText,
  type MemberRecord,
} from "./member.ts";
import type { Place } from "./place.ts";
import { TimeIndex } from "./time-index.ts";

/** Ends of grace periods this close together share an alarm (SPEC L7). */
const GRACE_GRID_MS = 2_000;

/** When the alarm comes for the end of a grace period. */
export function graceAlarmAt(end: number): number {
  return Math.ceil(end / GRACE_GRID_MS) * GRACE_GRID_MS;
}

/**
 * The members' records, indexed by id, by lease, and by what is due first. Every change of a member
 * goes through {@link Members.change}, which notes what to store and what others see of it.
 */
export class Members {
  readonly #limits: RoomLimits;
  readonly #list: List;
  readonly #changes: ChangeLog;
  readonly #records = new Map<string, MemberRecord>();
  /** When the first grace period of a member ends. */
  readonly #graces = new TimeIndex();
  /** When something else falls due for a member. */
  readonly #deadlines = new TimeIndex();
  /** The members who are on the list as offline, and since when. */
  readonly #remembered = new TimeIndex();
  /** The members whose leases these are. */
  readonly #leaseOwners = new Map<string, string>();
  #places = 0;

  constructor(
    limits: RoomLimits,
    records: readonly MemberRecord[],
    list: List,
    changes: ChangeLog,
  ) {
    this.#limits = limits;
    this.#list = list;
    this.#changes = changes;
    for (const record of records) this.#index(record, []);
  }

  get size(): number {
    return this.#records.size;
  }

  /** The number of all places, those of hidden members included. */
  get places(): number {
    return this.#places;
  }

  /** When the alarm is needed for {@link Members.advance}; `Infinity` for never. */
  get dueAt(): number {
    return Math.min(graceAlarmAt(this.#graces.firstTime), this.#deadlines.firstTime);
  }

  [Symbol.iterator](): IterableIterator<MemberRecord> {
    return this.#records.values();
  }

  get(id: string): MemberRecord | undefined {
    return this.#records.get(id);
  }

  /** The user who holds a lease; `null` if there is no such lease. */
  ownerOfLease(connection: string): string | null {
    return this.#leaseOwners.get(connection) ?? null;
  }

  /** Changes a member, and does what is due then. */
  change(now: number, record: MemberRecord, mutate: () => void): void {
    this.#apply(record, mutate);
    this.advance(now);
  }

  /**
   * Does all that is due: ends grace periods, removes old entries from the list, forgets members
   * (SPEC L4, L5, M3).
   */
  advance(now: number): void {
    // One thing at a time, in order of time, so that hidden members do not shift what others see.
    for (let due = this.#due(now); due; due = this.#due(now)) this.#settle(now, due);
    while (this.#remembered.size > this.#limits.maxRemembered) {
      // The member who has been offline longest (SPEC L5).
      this.#drop(this.#records.get(this.#remembered.first!.key)!);
    }
  }

  /** The first member for whom something is due. */
  #due(now: number): MemberRecord | undefined {
    const grace = this.#graces.first;
    const other = this.#deadlines.first;
    const first = grace && !(other && other.time < grace.time) ? grace : other;
    return first && first.time <= now ? this.#records.get(first.key) : undefined;
  }

  /** A change is a new version only if others see it (SPEC V1). */
  #apply(record: MemberRecord, mutate: () => void): void {
    const placesBefore = record.places;
    const storedBefore = storedText(record);
    const shownBefore = this.#list.member(record.id);
    const isShown = this.#mutate(record, mutate);
    this.#index(record, placesBefore);
    if (placesBefore.length > 0 && record.places.length === 0) {
      const { id: user, stamp, lastOnline } = record;
      this.#changes.depart({ user, stamp, lastOnline });
    }
    if (isShown) this.#changes.show(record.id, shownBefore);
    if (storedText(record) !== storedBefore) this.#changes.save(record);
  }

  /** Changes a member and their entry on the list, or neither; returns whether the entry changed. */
  #mutate(record: MemberRecord, mutate: () => void): boolean {
    const before = { ...record, places: record.places.map((place) => ({ ...place })) };
    try {
      mutate();
      return this.#list.show(record);
    } catch (error) {
      Object.assign(record, before);
      throw error;
    }
  }

  /** Does the first thing that is due for a member. */
  #settle(now: number, record: MemberRecord): void {
    if (record.places.length === 0 && !isListed(record)) return this.#forget(record);
    this.#apply(record, () => {
      const lease = endedLease(record, now);
      if (!lease) return settle(record, this.#limits, now);
      this.#changes.expire({ user: record.id, connection: lease.connection });
      endPlace(record, lease, lease.leasedUntil! - this.#limits.staleMs);
    });
  }

  /** Removes an entry from the list before its time; a hidden member is treated like any other. */
  #drop(record: MemberRecord): void {
    this.#apply(record, () => {
      record.lastOnline = null;
    });
    if (record.places.length === 0) this.#forget(record);
  }

  #forget(record: MemberRecord): void {
    // With neither place nor entry, nothing else is indexed of it.
    this.#records.delete(record.id);
    this.#deadlines.delete(record.id);
    this.#changes.forget(record);
  }

  #index(record: MemberRecord, placesBefore: readonly Place[]): void {
    const { id, places, lastOnline } = record;
    this.#records.set(id, record);
    this.#graces.set(id, graceEnd(record, this.#limits.graceMs));
    this.#deadlines.set(id, dueAt(record, this.#limits));
    if (isRemembered(record)) this.#remembered.set(id, lastOnline!);
    else this.#remembered.delete(id);
    if (places === placesBefore) return;
    this.#places += places.length - placesBefore.length;
    for (const { connection } of placesBefore) this.#leaseOwners.delete(connection);
    for (const { connection, leasedUntil } of places) {
      if (leasedUntil !== undefined) this.#leaseOwners.set(connection, id);
    }
  }
}
