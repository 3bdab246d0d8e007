/** A room on a user's list. */
interface Entry {
  /** Grows each time that the room is put on the list. */
  stamp: number;
  /** When they were last seen there, in milliseconds since 1970; `null` while they may be present. */
  lastOnline: number | null;
}

/**
 * The rooms that a user may be present in: never too few, since a room is listed before it lets
 * anyone in, and taken off by its stamp, so that none is which they came back to meanwhile. Of
 * those that they left, the one they were last seen in is kept. The table is made with the first.
 */
export class Listing {
  readonly #sql: SqlStorage;
  readonly #entries = new Map<string, Entry>();
  #exists: boolean;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    const found = sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'rooms'");
    this.#exists = [...found].length > 0;
    if (!this.#exists) return;
    type Row = { room: string; stamp: number; last_online: number | null };
    for (const { room, stamp, last_online } of sql.exec<Row>("SELECT * FROM rooms")) {
      this.#entries.set(room, { stamp, lastOnline: last_online });
    }
  }

  get isEmpty(): boolean {
    return this.#entries.size === 0;
  }

  /** The newest stamp, 0 for none. */
  get newest(): number {
    return Math.max(0, ...[...this.#entries.values()].map(({ stamp }) => stamp));
  }

  /** The rooms, each with its stamp. */
  rooms(): { room: string; stamp: number }[] {
    return [...this.#entries]
      .filter(([, { lastOnline }]) => lastOnline === null)
      .map(([room, { stamp }]) => ({ room, stamp }));
  }

  /** The stamp of a room, 0 for one that is not on the list. */
  stampOf(room: string): number {
    const entry = this.#entries.get(room);
    return entry?.lastOnline === null ? entry.stamp : 0;
  }

  /** When they were last seen in a room that they left; `null` for none. */
  get lastOnline(): number | null {
    const [left] = this.#left();
    return left ? left.lastOnline : null;
  }

  add(room: string, stamp: number): void {
    if (!this.#exists) {
      this.#sql.exec(
        "CREATE TABLE rooms (room TEXT PRIMARY KEY, stamp INTEGER, last_online INTEGER) WITHOUT ROWID",
      );
      this.#exists = true;
    }
    this.#write(room, { stamp, lastOnline: null });
  }

  /** Takes a room off the list, unless it was listed anew after this stamp. */
  leave(room: string, stamp: number, lastOnline: number | null): void {
    if (this.stampOf(room) !== stamp) return;
    if (lastOnline === null) return this.#delete(room);
    this.#write(room, { stamp, lastOnline });
    for (const older of this.#left().slice(1)) this.#delete(older.room);
  }

  /** Forgets when they were last seen, where that was before `time`. */
  forgetBefore(time: number): void {
    for (const { room, lastOnline } of this.#left()) if (lastOnline <= time) this.#delete(room);
  }

  /** To be called when the object's storage was deleted. */
  clear(): void {
    this.#exists = false;
    this.#entries.clear();
  }

  /** The rooms that they left, the last one first. */
  #left(): { room: string; lastOnline: number }[] {
    return [...this.#entries]
      .flatMap(([room, { lastOnline }]) => (lastOnline === null ? [] : [{ room, lastOnline }]))
      .toSorted((a, b) => b.lastOnline - a.lastOnline);
  }

  #write(room: string, { stamp, lastOnline }: Entry): void {
    this.#sql.exec("INSERT OR REPLACE INTO rooms VALUES (?, ?, ?)", room, stamp, lastOnline);
    this.#entries.set(room, { stamp, lastOnline });
  }

  #delete(room: string): void {
    this.#sql.exec("DELETE FROM rooms WHERE room = ?", room);
    this.#entries.delete(room);
  }
}
