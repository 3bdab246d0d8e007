import { hasTable } from "../../platform/has-table.ts";
import { log } from "../../log.ts";
import type { MemberRecord } from "../members/member.ts";
import { COLUMNS, fromRow, toRow, type TellDamage } from "./member-row.ts";
import type { Changes } from "../members/changes.ts";
import { Sequence } from "./sequence.ts";

/** A room as it was stored. */
export interface SavedRoster {
  epoch: string;
  /** The version of the last removal from the list: who knows less must take a snapshot (SPEC V4). */
  floor: number;
  records: MemberRecord[];
}

// WITHOUT ROWID and without an index: each change of a member writes one row.
const SCHEMA = `
  CREATE TABLE room (key TEXT PRIMARY KEY, value ANY) WITHOUT ROWID;
  CREATE TABLE members (
    id TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    name TEXT NOT NULL,
    image TEXT,
    issued_at INTEGER NOT NULL,
    unseen TEXT,
    chosen TEXT,
    data TEXT,
    places TEXT NOT NULL,
    last_online INTEGER,
    stamp INTEGER NOT NULL DEFAULT 0,
    chose_at REAL NOT NULL DEFAULT 0
  ) WITHOUT ROWID;
`;

/** What a room counts over its epoch, for its stats (SPEC B10). */
export type Counter = "ghosts" | "dead";
/** The columns that older tables do not have, in their order. */
const ADDED = { stamp: "INTEGER NOT NULL DEFAULT 0", chose_at: "REAL NOT NULL DEFAULT 0" };
/** Finds those of them that the table has. */
const KNOWN = `
  SELECT name FROM pragma_table_info('members') WHERE name IN ('stamp', 'chose_at')
`;

/** The version of a list that is not empty. A member who is not on it may have a version of an earlier epoch. */
const LISTED_VERSION = `
  SELECT max(version) AS version FROM members
  WHERE last_online IS NOT NULL OR (places <> '[]' AND chosen IS NOT 'offline')
`;

/**
 * The room's tables. A room that nobody ever joined has none, so that a read stores nothing (SPEC
 * R7). When the last member is forgotten, the tables are deleted (SPEC L5).
 */
export class Store {
  readonly #storage: DurableObjectStorage;
  readonly #room: string;
  #exists: boolean;
  #epoch: string | null = null;
  #floor = 0;
  #tallies: Record<Counter, number> = { ghosts: 0, dead: 0 };
  #events = this.#eventsFrom(0);

  /** `room` is its name, for the log. */
  constructor(storage: DurableObjectStorage, room: string) {
    this.#storage = storage;
    this.#room = room;
    this.#exists = hasTable(storage.sql, "members");
  }

  /** Reads the room; a room without tables begins a new epoch. */
  load(): SavedRoster {
    if (!this.#exists) return { epoch: crypto.randomUUID(), floor: 0, records: [] };
    const { sql } = this.#storage;
    const known = this.#knownColumns();
    for (const [name, type] of Object.entries(ADDED)) {
      if (!known.includes(name)) sql.exec(`ALTER TABLE members ADD COLUMN ${name} ${type}`);
    }
    this.#epoch = this.#loadRoom();
    let isDamaged = false;
    const tell: TellDamage = (column, user) => {
      isDamaged = true;
      const reason = `stored ${column} cannot be read`;
      log("failure", { code: "internal", room: this.#room, user, reason });
    };
    // An object for each row would take the platform three times as long.
    const rows = sql.exec(`SELECT ${COLUMNS.join()} FROM members`).raw();
    const records: MemberRecord[] = [];
    for (const row of rows) records.push(fromRow(row, tell));
    // Readers may hold something else of this epoch than what is left of it.
    const epoch = isDamaged ? crypto.randomUUID() : this.#epoch;
    return { epoch, floor: this.#floor, records };
  }

  /**
   * Reads one member alone, on a list that has the version of the whole one; `null` if there is no such
   * member, or if they or the version cannot be read.
   */
  loadOne(id: string): SavedRoster | null {
    if (!this.#exists || this.#knownColumns().length < Object.keys(ADDED).length) return null;
    const { sql } = this.#storage;
    const [row] = [...sql.exec(`SELECT ${COLUMNS.join()} FROM members WHERE id = ?`, id).raw()];
    if (!row) return null;
    let isDamaged = false;
    const record = fromRow(row, () => (isDamaged = true));
    if (isDamaged) return null;
    const epoch = this.#loadRoom();
    this.#epoch = epoch;
    const { version } = sql.exec(LISTED_VERSION).one();
    if (!Number.isSafeInteger(version)) return null;
    return { epoch, floor: Math.max(this.#floor, Number(version)), records: [record] };
  }

  /** Writes the changes in one commit. */
  write({ saved, forgotten }: Changes, epoch: string, floor: number): void {
    if (saved.length === 0 && forgotten.length === 0) return;
    const { sql } = this.#storage;
    this.#enter(epoch);
    for (const id of forgotten) sql.exec("DELETE FROM members WHERE id = ?", id);
    for (const record of saved) {
      sql.exec(
        "INSERT OR REPLACE INTO members VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        ...toRow(record),
      );
    }
    if (floor !== this.#floor) {
      sql.exec("INSERT OR REPLACE INTO room VALUES ('floor', ?)", floor);
      this.#floor = floor;
    }
  }

  /** The stored floor (see {@link SavedRoster}). */
  get floor(): number {
    return this.#floor;
  }

  /** The stored epoch; `null` for none. */
  get epoch(): string | null {
    return this.#epoch;
  }

  /**
   * The id of one more event, `<epoch>.<number>`: the number is higher than any before it, over a
   * restart too (SPEC B1). The receiver of the first one may have just joined, and not be stored yet.
   */
  nextEventId(epoch: string): string {
    this.#enter(epoch);
    return `${epoch}.${this.#events.next()}`;
  }

  /** Whether the tables exist. */
  get exists(): boolean {
    return this.#exists;
  }

  /** The value of a counter in this epoch. */
  tally(tally: Counter): number {
    return this.#tallies[tally];
  }

  /** Adds to a counter: one row written. */
  count(tally: Counter, by: number): void {
    if (!this.#exists) return;
    const sum = this.#tallies[tally] + by;
    this.#storage.sql.exec("INSERT OR REPLACE INTO room VALUES (?, ?)", tally, sum);
    this.#tallies[tally] = sum;
  }

  #knownColumns(): string[] {
    return [...this.#storage.sql.exec<{ name: string }>(KNOWN)].map(({ name }) => name);
  }

  /** Reads all but the members; returns the epoch. */
  #loadRoom(): string {
    const rows = this.#storage.sql.exec<{ key: string; value: string | number }>(
      "SELECT key, value FROM room",
    );
    const room = new Map([...rows].map(({ key, value }) => [key, value]));
    const counted = (key: string) => {
      const value = room.get(key) ?? 0;
      return Number.isSafeInteger(value) ? Number(value) : 0;
    };
    this.#floor = counted("floor");
    this.#tallies = { ghosts: counted("ghosts"), dead: counted("dead") };
    this.#events = this.#eventsFrom(counted("events"));
    return String(room.get("epoch"));
  }

  /** Deletes everything, the alarm included. It takes effect at once. */
  clear(): void {
    this.#forget();
    void this.#storage.deleteAll();
  }

  /** Deletes the members and ends the epoch, but keeps the alarm and the other tables. */
  clearMembers(): void {
    this.#forget();
    this.#storage.sql.exec("DROP TABLE members; DROP TABLE room");
  }

  #forget(): void {
    this.#exists = false;
    this.#reset(null);
  }

  /** Makes an epoch the stored one; the counters of the epoch before are dropped. */
  #enter(epoch: string): void {
    const { sql } = this.#storage;
    if (!this.#exists) sql.exec(SCHEMA);
    this.#exists = true;
    if (epoch === this.#epoch) return;
    sql.exec("DELETE FROM room");
    sql.exec("INSERT INTO room VALUES ('epoch', ?)", epoch);
    this.#reset(epoch);
  }

  #reset(epoch: string | null): void {
    this.#epoch = epoch;
    this.#floor = 0;
    this.#tallies = { ghosts: 0, dead: 0 };
    this.#events = this.#eventsFrom(0);
  }

  #eventsFrom(reserved: number): Sequence {
    return new Sequence(reserved, (below) => {
      this.#storage.sql.exec("INSERT OR REPLACE INTO room VALUES ('events', ?)", below);
    });
  }
}
