import type { Admission } from "../room-request.ts";

/** An admission is good for a join until then; the clocks of two objects may differ by as much. */
const ADMISSION_MS = 30_000;
/** No admission from before a barrier is good for longer. */
export const BARRIER_MS = 2 * ADMISSION_MS;

interface Barrier {
  /** Admissions from before this time are void: a session was revoked since. */
  at: number;
  /** Admissions with no higher stamp let nobody in who is not here: the list lost this room since. */
  stamp: number;
  until: number;
}

type Row = { user: string; at: number; stamp: number; until: number };

/**
 * What became of admissions that are still on their way here: between a user's object and the room
 * two requests may overtake each other. It is stored, since the room may restart in between.
 */
export class Barriers {
  readonly #storage: DurableObjectStorage;
  readonly #barriers = new Map<string, Barrier>();
  #exists: boolean;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    const found = storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'barriers'");
    this.#exists = [...found].length > 0;
    if (!this.#exists) return;
    for (const { user, ...barrier } of storage.sql.exec<Row>("SELECT * FROM barriers")) {
      this.#barriers.set(user, barrier);
    }
  }

  /** Whether there is a table of them, though it may be empty. */
  get exists(): boolean {
    return this.#exists;
  }

  get isEmpty(): boolean {
    return this.#barriers.size === 0;
  }

  /** When the first falls; `Infinity` for none. */
  get dueAt(): number {
    return Math.min(...[...this.#barriers.values()].map(({ until }) => until));
  }

  /**
   * Whether an admission came too late. `stamp` is the highest that the room has seen of the user,
   * `isHere` whether they have a place now.
   */
  isStale(
    user: string,
    admission: Admission,
    { isHere, stamp, now }: { isHere: boolean; stamp: number; now: number },
  ): boolean {
    const barrier = this.#barriers.get(user);
    if (now - admission.at > ADMISSION_MS || admission.at < (barrier?.at ?? 0)) return true;
    return !isHere && admission.stamp <= Math.max(stamp, barrier?.stamp ?? 0);
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
    this.#barriers.set(user, barrier);
  }

  /** Forgets those whose time has come. */
  advance(now: number): void {
    if (now < this.dueAt) return;
    this.#storage.sql.exec("DELETE FROM barriers WHERE until <= ?", now);
    for (const [user, { until }] of this.#barriers) if (until <= now) this.#barriers.delete(user);
  }

  /** To be called when the room's storage was deleted. */
  clear(): void {
    this.#exists = false;
    this.#barriers.clear();
  }
}
