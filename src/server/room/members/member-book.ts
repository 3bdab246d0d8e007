import type { RoomLimits } from "../../config/config.ts";
import type { ChangeLog } from "./changes.ts";
import type { List } from "./list.ts";
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
  readonly #log: ChangeLog;

  constructor(limits: RoomLimits, members: Members, list: List, log: ChangeLog) {
    this.#limits = limits;
    this.#members = members;
    this.#list = list;
    this.#log = log;
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
    const shownBefore = this.#list.member(record.id);
    const isShown = this.#mutate(record, mutate, storedBefore);
    this.#members.set(record, placesBefore);
    if (placesBefore.length > 0 && record.places.length === 0) {
      const { id: user, stamp, lastOnline } = record;
      this.#log.depart({ user, stamp, lastOnline });
    }
    if (isShown) this.#log.show(record.id, shownBefore);
    if (JSON.stringify(record) !== storedBefore) this.#log.save(record);
  }

  /** Changes a member and, if it differs, what others see of them; where that fails, nothing. */
  #mutate(record: MemberRecord, mutate: () => void, before: string): boolean {
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
