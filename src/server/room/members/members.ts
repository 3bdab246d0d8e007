import type { RoomLimits } from "../../config/config.ts";
import { dueAt, isRemembered, type MemberRecord, type Place } from "./member.ts";
import { TimeIndex } from "./time-index.ts";

/**
 * All that is kept of the members, found by id, by lease, and by what is due first, without looking
 * at everybody.
 */
export class Members {
  readonly #limits: RoomLimits;
  readonly #records = new Map<string, MemberRecord>();
  /** When something falls due for a member. */
  readonly #deadlines = new TimeIndex();
  /** Who is on the list as offline, and since when. */
  readonly #remembered = new TimeIndex();
  /** The members whose leases these are. */
  readonly #leaseOwners = new Map<string, string>();
  #places = 0;

  constructor(limits: RoomLimits, records: readonly MemberRecord[]) {
    this.#limits = limits;
    for (const record of records) this.set(record, []);
  }

  get size(): number {
    return this.#records.size;
  }

  /** The connections of all, those of who hides included. */
  get places(): number {
    return this.#places;
  }

  /** When {@link due} has something to tell; `Infinity` for never. */
  get dueAt(): number {
    return this.#deadlines.firstTime;
  }

  [Symbol.iterator](): IterableIterator<MemberRecord> {
    return this.#records.values();
  }

  get(id: string): MemberRecord | undefined {
    return this.#records.get(id);
  }

  /** Whose a lease is; `null` for one that is none. */
  ownerOfLease(connection: string): string | null {
    return this.#leaseOwners.get(connection) ?? null;
  }

  /** The member for whom something is due, the first of them. */
  due(now: number): MemberRecord | undefined {
    const first = this.#deadlines.first;
    return first && first.time <= now ? this.#records.get(first.key) : undefined;
  }

  /** Who has been gone longest, where more are remembered than may be (SPEC L5). */
  get surplus(): MemberRecord | undefined {
    if (this.#remembered.size <= this.#limits.maxRemembered) return undefined;
    return this.#records.get(this.#remembered.first!.key);
  }

  /** To be called after each change of a member. */
  set(record: MemberRecord, placesBefore: readonly Place[]): void {
    const { id, places, lastOnline } = record;
    this.#records.set(id, record);
    this.#deadlines.set(id, dueAt(record, this.#limits));
    if (isRemembered(record)) this.#remembered.set(id, lastOnline!);
    else this.#remembered.delete(id);
    if (places === placesBefore) return;
    this.#places += places.length - placesBefore.length;
    for (const { connection, leasedUntil } of placesBefore) {
      if (leasedUntil !== undefined) this.#leaseOwners.delete(connection);
    }
    for (const { connection, leasedUntil } of places) {
      if (leasedUntil !== undefined) this.#leaseOwners.set(connection, id);
    }
  }

  /** Forgets a member who has no connection. */
  delete({ id }: MemberRecord): void {
    this.#records.delete(id);
    this.#deadlines.delete(id);
    this.#remembered.delete(id);
  }
}
