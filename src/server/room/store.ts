import type { Data, Status } from "../../protocol/messages.ts";
import type { MemberRecord, Place, Profile } from "./member.ts";
import type { Changes } from "./changes.ts";

/** A row of `members`. `places` holds the connections; its length is their count. */
type MemberRow = {
  id: string;
  version: number;
  name: string;
  image: string | null;
  issued_at: number;
  unseen: string | null;
  chosen: Status | null;
  data: string | null;
  places: string;
  last_online: number | null;
  stamp: number;
};

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
export type Tally = "ghosts" | "dead";
/** A room that was made before there were stamps. */
const NO_STAMP = `
  SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM pragma_table_info('members') WHERE name = 'stamp')
`;

function fromRow(row: MemberRow): MemberRecord {
  return {
    id: row.id,
    version: row.version,
    profile: { name: row.name, ...(row.image !== null && { image: row.image }) },
    issuedAt: row.issued_at,
    unseen: row.unseen === null ? null : (JSON.parse(row.unseen) as Profile),
    chosen: row.chosen,
    data: row.data === null ? null : (JSON.parse(row.data) as Data),
    places: JSON.parse(row.places) as Place[],
    lastOnline: row.last_online,
    stamp: row.stamp,
  };
}

/**
 * The room's tables. A room that nobody ever joined has none, so that reading it stores nothing
 * (SPEC R7), and one whose last member is forgotten has none again (SPEC L5).
 */
export class Store {
  readonly #storage: DurableObjectStorage;
  #exists: boolean;
  #floor = 0;
  #tallies: Record<Tally, number> = { ghosts: 0, dead: 0 };
  #reservedEvents = 0;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    const found = storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'members'");
    this.#exists = [...found].length > 0;
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
    this.#floor = Number(room.get("floor") ?? 0);
    this.#tallies = {
      ghosts: Number(room.get("ghosts") ?? 0),
      dead: Number(room.get("dead") ?? 0),
    };
    this.#reservedEvents = Number(room.get("events") ?? 0);
    const rows = sql.exec<MemberRow>("SELECT * FROM members");
    return {
      epoch: String(room.get("epoch")),
      floor: this.#floor,
      records: [...rows].map(fromRow),
    };
  }

  /** Writes what changed, and tells whether anything had. With no await in between, it becomes durable as one. */
  write({ saved, forgotten }: Changes, epoch: string, floor: number): boolean {
    if (saved.length === 0 && forgotten.length === 0) return false;
    if (!this.#exists) this.#create(epoch);
    const { sql } = this.#storage;
    for (const id of forgotten) sql.exec("DELETE FROM members WHERE id = ?", id);
    for (const record of saved) {
      sql.exec(
        "INSERT OR REPLACE INTO members VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        record.id,
        record.version,
        record.profile.name,
        record.profile.image ?? null,
        record.issuedAt,
        record.unseen && JSON.stringify(record.unseen),
        record.chosen,
        record.data && JSON.stringify(record.data),
        JSON.stringify(record.places),
        record.lastOnline,
        record.stamp,
      );
    }
    if (floor !== this.#floor) {
      sql.exec("INSERT OR REPLACE INTO room VALUES ('floor', ?)", floor);
      this.#floor = floor;
    }
    return true;
  }

  /** The number that the ids of events have stayed below so far. */
  get reservedEvents(): number {
    return this.#reservedEvents;
  }

  /**
   * Keeps the ids of later events above those of earlier ones, over a restart too (SPEC B1). Whoever
   * the first event is for may have joined a moment ago, and not be stored yet.
   */
  reserveEvents(below: number, epoch: string): void {
    if (!this.#exists) this.#create(epoch);
    this.#storage.sql.exec("INSERT OR REPLACE INTO room VALUES ('events', ?)", below);
    this.#reservedEvents = below;
  }

  /** Whether the room keeps anything. */
  get exists(): boolean {
    return this.#exists;
  }

  /** How much was counted in this epoch. */
  tally(tally: Tally): number {
    return this.#tallies[tally];
  }

  /** Counts on: one row written. */
  count(tally: Tally, by: number): void {
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
    this.#floor = 0;
    this.#tallies = { ghosts: 0, dead: 0 };
    this.#reservedEvents = 0;
  }

  #create(epoch: string): void {
    this.#storage.sql.exec(SCHEMA);
    this.#storage.sql.exec("INSERT INTO room VALUES ('epoch', ?)", epoch);
    this.#exists = true;
  }
}
