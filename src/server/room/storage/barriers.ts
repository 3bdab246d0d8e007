import { hasTable } from "../../platform/has-table.ts";
import type { Admission } from "../../session/room-session.ts";
import { TimeIndex } from "../members/time-index.ts";

/** How long an admission lets a session join; the clocks of two objects may differ by as much. */
const ADMISSION_MS = 30_000;
/** After this, no admission from before a barrier is valid any more. */
export const BARRIER_MS = 2 * ADMISSION_MS;

interface Barrier {
  /** Admissions before this time are void: a session was revoked since. */
  at: number;
  /**
   * Admissions with no higher stamp are void, unless the user is here: the list dropped the room
   * since.
   */
  stamp: number;
  until: number;
}

type Row = { user: string; at: number; stamp: number; until: number };

/**
 * Fences against late admissions: between a user's object and the room, requests may overtake each
 * other, so an admission can arrive after a revocation or a departure that came later. They are
 * stored, since the room may restart in between.
 */
export class Barriers {
  readonly #storage: DurableObjectStorage;
  readonly #barriers = new Map<string, Barrier>();
  readonly #ends = new TimeIndex();
  /** Users who left lately: the stamp of their record, and until when it matters. */
  readonly #departures = new Map<string, { stamp: number; until: number }>();
  #exists: boolean;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#exists = hasTable(storage.sql, "barriers");
    if (!this.#exists) return;
    for (const { user, ...barrier } of storage.sql.exec<Row>("SELECT * FROM barriers")) {
      this.#note(user, barrier);
    }
  }

  /** Whether the table exists; it may be empty. */
  get exists(): boolean {
    return this.#exists;
  }

  get isEmpty(): boolean {
    return this.#barriers.size === 0;
  }

  /** When the first barrier ends; `Infinity` for none. */
  get dueAt(): number {
    return this.#ends.firstTime;
  }

  /**
   * Whether an admission came too late. `stamp` is the highest that the room has seen of the user;
   * `isHere` says whether they have a place now.
   */
  isStale(
    user: string,
    admission: Admission,
    { isHere, stamp, now }: { isHere: boolean; stamp: number; now: number },
  ): boolean {
    const barrier = this.#barriers.get(user);
    if (now - admission.at > ADMISSION_MS || admission.at < (barrier?.at ?? 0)) return true;
    // Nothing else is stored about a user who only watched.
    const departure = this.#departures.get(user);
    const departed = departure && departure.until > now ? departure.stamp : 0;
    return !isHere && admission.stamp <= Math.max(stamp, barrier?.stamp ?? 0, departed);
  }

  raise(user: string, { at = 0, stamp = 0 }: Partial<Admission>, now: number): void {
    const { sql } = this.#storage;
    if (!this.#exists) {
      sql.exec(
        "CREATE TABLE barriers (user TEXT PRIMARY KEY, at INTEGER, stamp INTEGER, until INTEGER) WITHOUT ROWID",
      );
      this.#exists = true;
    }
    const before = this.#barriers.get(user);
    const barrier = {
      at: Math.max(at, before?.at ?? 0),
      stamp: Math.max(stamp, before?.stamp ?? 0),
      until: now + BARRIER_MS,
    };
    sql.exec(
      "INSERT OR REPLACE INTO barriers VALUES (?, ?, ?, ?)",
      user,
      barrier.at,
      barrier.stamp,
      barrier.until,
    );
    this.#note(user, barrier);
  }

  /**
   * Notes that a member has lost their last place. No barrier is needed while the room remembers
   * them.
   */
  noteDeparture(user: string, stamp: number, now: number): void {
    for (const [other, { until }] of this.#departures) {
      if (until > now) break;
      this.#departures.delete(other);
    }
    this.#departures.delete(user);
    this.#departures.set(user, { stamp, until: now + BARRIER_MS });
  }

  /** The stamp that a user left with lately; 0 for none. */
  stampOf(user: string): number {
    return this.#departures.get(user)?.stamp ?? 0;
  }

  /** Raises a barrier for a member who is forgotten soon after they left. */
  raiseForgotten(user: string, now: number): void {
    const departure = this.#departures.get(user);
    if (departure && departure.until > now) this.raise(user, { stamp: departure.stamp }, now);
    this.#departures.delete(user);
  }

  /** Removes the barriers that have ended. */
  advance(now: number): void {
    for (const user of this.#ends.takeUntil(now)) {
      this.#storage.sql.exec("DELETE FROM barriers WHERE user = ?", user);
      this.#barriers.delete(user);
    }
  }

  /** Call it after the room's storage was deleted. */
  clear(): void {
    this.#exists = false;
    this.#barriers.clear();
    this.#ends.clear();
    this.#departures.clear();
  }

  #note(user: string, barrier: Barrier): void {
    this.#barriers.set(user, barrier);
    this.#ends.set(user, barrier.until);
  }
}
