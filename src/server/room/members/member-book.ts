import type { RoomLimits } from "../../config/config.ts";
import type { Departure } from "../../user/user-object.ts";
import { ChangeLog, type Changes } from "./changes.ts";
import type { EntryChange, List } from "./list.ts";
import { endedLease, endPlace, isListed, settle, type MemberRecord } from "./member.ts";
import type { Members } from "./members.ts";

/**
 * Where every change of a member goes through: it notes what to store, what others see of it, and
 * does what falls due by it.
 */
export class MemberBook {
  readonly #limits: RoomLimits;
  readonly #members: Members;
  readonly #list: List;
  readonly #log = new ChangeLog();

  constructor(limits: RoomLimits, members: Members, list: List) {
    this.#limits = limits;
    this.#members = members;
    this.#list = list;
  }

  /** The departure of a member that was not handed over yet. */
  departureOf(user: string): Departure | undefined {
    return this.#log.departureOf(user);
  }

  /** Whether {@link passChanges} has anything to hand over. */
  get isChanged(): boolean {
    return !this.#log.isEmpty;
  }

  /** Hands over what changed since the last call that went well; where `take` throws, it is kept. */
  passChanges(take: (changes: Changes) => void): void {
    this.#log.pass(take);
  }

  /** Does all that is due: ends graces, takes old entries off the list, forgets (SPEC L4, L5, M3). */
  advance(now: number): void {
    // In the order of time, one thing each, so that what nobody sees moves nothing that others do.
    for (let due = this.#members.due(now); due; due = this.#members.due(now)) {
      this.#settle(now, due);
    }
    while (this.#members.surplus) this.#drop(this.#members.surplus);
  }

  /** Changes a member, and does what is due then. */
  change(now: number, record: MemberRecord, mutate: () => void): void {
    this.#apply(record, mutate);
    this.advance(now);
  }

  /** Every change goes through here: it counts as a version only where others see it (SPEC V1). */
  #apply(record: MemberRecord, mutate: () => void): void {
    const placesBefore = record.places;
    const storedBefore = JSON.stringify(record);
    const shown = this.#mutate(record, mutate, storedBefore);
    this.#members.set(record, placesBefore);
    if (placesBefore.length > 0 && record.places.length === 0) {
      const { id: user, stamp, lastOnline } = record;
      this.#log.depart({ user, stamp, lastOnline });
    }
    if (shown) this.#log.show(record.id, shown.before);
    if (JSON.stringify(record) !== storedBefore) this.#log.save(record);
  }

  /** Changes a member and what others see of them, or, where that fails, nothing. */
  #mutate(record: MemberRecord, mutate: () => void, before: string): EntryChange | null {
    try {
      mutate();
      return this.#list.show(record);
    } catch (error) {
      Object.assign(record, JSON.parse(before));
      throw error;
    }
  }

  /** Does the first thing that is due for a member. */
  #settle(now: number, record: MemberRecord): void {
    if (record.places.length === 0 && !isListed(record)) return this.#forget(record);
    this.#apply(record, () => {
      const lease = endedLease(record, now);
      if (!lease) return settle(record, this.#limits, now);
      this.#log.expire({ user: record.id, connection: lease.connection });
      endPlace(record, lease, lease.leasedUntil! - this.#limits.staleMs);
    });
  }

  /** Takes an entry off the list before its time; one who only appears offline is not told from others. */
  #drop(record: MemberRecord): void {
    this.#apply(record, () => {
      record.lastOnline = null;
    });
    if (record.places.length === 0) this.#forget(record);
  }

  #forget(record: MemberRecord): void {
    this.#members.delete(record);
    this.#log.forget(record);
  }
}
