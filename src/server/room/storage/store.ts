import { hasTable } from "../../platform/has-table.ts";
import { log } from "../../log.ts";
import type { MemberRecord } from "../members/member.ts";
import { fromRow, toRow, type MemberRow } from "./member-row.ts";
import type { Changes } from "../members/changes.ts";
import { Sequence } from "./sequence.ts";

/** What storage gives back of a room. */
export interface SavedRoster {
  epoch: string;
  /** The version of the last removal from the list: who knows less must take a snapshot (SPEC V4). */
  floor: number;
  records: MemberRecord[];
}

// WITHOUT ROWID and no index: one row written for each change of a member.
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
    stamp INTEGER NOT NULL DEFAULT 0
  ) WITHOUT ROWID;
`;

/** What a room counts over its epoch, for its stats (SPEC B10). */
export type Counter = "ghosts" | "dead";
/** A room that was made before there were stamps. */
const NO_STAMP = `
  SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM pragma_table_info('members') WHERE name = 'stamp')
`;

/**
 * The room's tables. A room that nobody ever joined has none, so that reading it stores nothing
 * (SPEC R7), and one whose last member is forgotten has none again (SPEC L5).
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

  /** Reads the room; one that keeps nothing begins a new epoch. */
  load(): SavedRoster {
    if (!this.#exists) return { epoch: crypto.randomUUID(), floor: 0, records: [] };
    const { sql } = this.#storage;
    if ([...sql.exec(NO_STAMP)].length > 0) {
      sql.exec("ALTER TABLE members ADD COLUMN stamp INTEGER NOT NULL DEFAULT 0");
    }
    const room = new Map(
      [...sql.exec<{ key: string; value: string | number }>("SELECT key, value FROM room")].map(
        ({ key, value }) => [key, value],
      ),
    );
    const counted = (key: string) => {
      const value = room.get(key) ?? 0;
      return Number.isSafeInteger(value) ? Number(value) : 0;
    };
    this.#epoch = String(room.get("epoch"));
    this.#floor = counted("floor");
    this.#tallies = { ghosts: counted("ghosts"), dead: counted("dead") };
    this.#events = this.#eventsFrom(counted("events"));
    let isDamaged = false;
    const records = [...sql.exec<MemberRow>("SELECT * FROM members")].map((row) =>
      fromRow(row, (column) => {
        isDamaged = true;
        const reason = `stored ${column} cannot be read`;
        log("failure", { code: "internal", room: this.#room, user: row.id, reason });
      }),
    );
    // What readers hold of this epoch may be other than what is left of it.
    const epoch = isDamaged ? crypto.randomUUID() : this.#epoch;
    return { epoch, floor: this.#floor, records };
  }

  /** Writes what changed, and tells whether anything had. With no await in between, it becomes durable as one. */
  write({ saved, forgotten }: Changes, epoch: string, floor: number): boolean {
    if (saved.length === 0 && forgotten.length === 0) return false;
    const { sql } = this.#storage;
    this.#enter(epoch);
    for (const id of forgotten) sql.exec("DELETE FROM members WHERE id = ?", id);
    for (const record of saved) {
      sql.exec(
        "INSERT OR REPLACE INTO members VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        ...toRow(record),
      );
    }
    if (floor !== this.#floor) {
      sql.exec("INSERT OR REPLACE INTO room VALUES ('floor', ?)", floor);
      this.#floor = floor;
    }
    return true;
  }

  /** The epoch that is stored; `null` for none. */
  get epoch(): string | null {
    return this.#epoch;
  }

  /**
   * The id of one more event, `<epoch>.<number>`: the number is higher than any before it, over a
   * restart too (SPEC B1). Whoever the first is for may have joined a moment ago, and not be stored.
   */
  nextEventId(epoch: string): string {
    this.#enter(epoch);
    return `${epoch}.${this.#events.next()}`;
  }

  /** Whether the room keeps anything. */
  get exists(): boolean {
    return this.#exists;
  }

  /** How much was counted in this epoch. */
  tally(tally: Counter): number {
    return this.#tallies[tally];
  }

  /** Counts on: one row written. */
  count(tally: Counter, by: number): void {
    if (!this.#exists) return;
    const sum = this.#tallies[tally] + by;
    this.#storage.sql.exec("INSERT OR REPLACE INTO room VALUES (?, ?)", tally, sum);
    this.#tallies[tally] = sum;
  }

  /** Deletes everything, the alarm included; it takes effect at once, the promise tells when it is durable. */
  clear(): void {
    this.#forget();
    void this.#storage.deleteAll();
  }

  /** Deletes who was known, and ends the epoch, but leaves the alarm and what others store. */
  clearMembers(): void {
    this.#forget();
    this.#storage.sql.exec("DROP TABLE members; DROP TABLE room");
  }

  #forget(): void {
    this.#exists = false;
    this.#reset(null);
  }

  /** Makes sure that an epoch is the one that is kept; what was counted belongs to the one before. */
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
