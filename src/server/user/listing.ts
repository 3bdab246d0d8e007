import { hasTable } from "../platform/has-table.ts";
/** A room on a user's list, and the stamp it was listed with, which grows each time. */
export interface ListedRoom {
  room: string;
  stamp: number;
}

/**
 * The rooms that a user may be present in, and those that remember them (SPEC B4, B11). No room
 * that they are in is ever missing: it is listed before it admits anyone, and removed only by its
 * stamp, so that a room they came back to meanwhile stays. The first room creates the table.
 */
export class Listing {
  readonly #sql: SqlStorage;
  /** The stamps of the rooms that they may be present in. The others stay in storage: they may be many. */
  readonly #present = new Map<string, number>();
  /** When they were seen in the rooms that they left, first and last; `null` if it must be read. */
  #left: { first: number | null; last: number | null } | null = null;
  #exists: boolean;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    this.#exists = hasTable(sql, "rooms");
    if (!this.#exists) return;
    const rows = sql.exec<{ room: string; stamp: number }>(
      "SELECT room, stamp FROM rooms WHERE last_online IS NULL",
    );
    for (const { room, stamp } of rows) this.#present.set(room, stamp);
  }

  get isEmpty(): boolean {
    return this.#present.size === 0 && this.lastOnline === null;
  }

  /** The newest stamp, 0 for none. */
  get newest(): number {
    if (!this.#exists) return 0;
    const [row] = this.#sql.exec<{ newest: number | null }>(
      "SELECT MAX(stamp) AS newest FROM rooms",
    );
    return row?.newest ?? 0;
  }

  /** How many rooms they may be present in. */
  get size(): number {
    return this.#present.size;
  }

  /** The rooms that they may be present in. */
  rooms(): ListedRoom[] {
    return [...this.#present].map(([room, stamp]) => ({ room, stamp }));
  }

  /** The rooms that they may be present in, and those that remember them. */
  known(): ListedRoom[] {
    if (!this.#exists) return [];
    return [...this.#sql.exec<{ room: string; stamp: number }>("SELECT room, stamp FROM rooms")];
  }

  /** The stamp of a room that they may be present in, 0 for any other. */
  stampOf(room: string): number {
    return this.#present.get(room) ?? 0;
  }

  /** The stamp of a room, also of one that remembers them; 0 for any other. */
  knownStampOf(room: string): number {
    if (!this.#exists) return 0;
    const rows = this.#sql.exec<{ stamp: number }>("SELECT stamp FROM rooms WHERE room = ?", room);
    return [...rows][0]?.stamp ?? 0;
  }

  /** When they were last seen in a room that they left; `null` for none. */
  get lastOnline(): number | null {
    return this.#readLeft().last;
  }

  /** The earliest such time; `null` for none. */
  get firstLeft(): number | null {
    return this.#readLeft().first;
  }

  add(room: string, stamp: number): void {
    if (!this.#exists) {
      this.#sql.exec(
        "CREATE TABLE rooms (room TEXT PRIMARY KEY, stamp INTEGER, last_online INTEGER) WITHOUT ROWID",
      );
      this.#exists = true;
    }
    this.#sql.exec("INSERT OR REPLACE INTO rooms VALUES (?, ?, NULL)", room, stamp);
    this.#present.set(room, stamp);
    this.#left = null;
  }

  /**
   * Notes that they have left a room, unless it was listed again after this stamp. The room is kept
   * for as long as it remembers them; `lastOnline` is `null` for one that does not.
   */
  leave(room: string, stamp: number, lastOnline: number | null): void {
    if (this.stampOf(room) !== stamp) return;
    if (lastOnline === null) return this.drop(room, stamp);
    this.#sql.exec("INSERT OR REPLACE INTO rooms VALUES (?, ?, ?)", room, stamp, lastOnline);
    this.#present.delete(room);
    this.#left = null;
  }

  /** Removes a room, also one that remembers them, unless it was listed again after this stamp. */
  drop(room: string, stamp: number): void {
    if (!this.#exists) return;
    this.#sql.exec("DELETE FROM rooms WHERE room = ? AND stamp = ?", room, stamp);
    if (this.stampOf(room) === stamp) this.#present.delete(room);
    this.#left = null;
  }

  /** Forgets the rooms that they were last seen in before `time`. */
  forgetBefore(time: number): void {
    const { first } = this.#readLeft();
    if (first === null || first > time) return;
    this.#sql.exec("DELETE FROM rooms WHERE last_online <= ?", time);
    this.#left = null;
  }

  /** Call it when the object's storage was deleted. */
  clear(): void {
    this.#exists = false;
    this.#present.clear();
    this.#left = null;
  }

  #readLeft(): { first: number | null; last: number | null } {
    if (!this.#exists) return { first: null, last: null };
    this.#left ??= this.#sql
      .exec<{ first: number | null; last: number | null }>(
        "SELECT MIN(last_online) AS first, MAX(last_online) AS last FROM rooms",
      )
      .one();
    return this.#left;
  }
}
