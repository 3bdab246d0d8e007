import { hasTable } from "../platform/has-table.ts";
import type { ListedRoom } from "./listing.ts";

/** What rooms have yet to be told: that sessions were revoked (SPEC B3), or to forget the user (B11). */
export interface Errand {
  kind: "revoke" | "forget";
  /** The session that was revoked; `null` for all of them, and for one that forgets. */
  session: string | null;
  /** The room to be told; `null` for every room that is known when it is told. */
  room: string | null;
  /** What came before is meant: milliseconds since 1970, by the clock of the user's object. */
  at: number;
}

/** A room to be told, and what. */
export interface Task extends ListedRoom {
  errand: Errand;
}

/** Stands for `null`; neither a session's id nor a room's name is empty. */
const ANY = "";

const keyOf = ({ kind, session, room }: Errand) => JSON.stringify([kind, session, room]);

/**
 * What has yet to be told to rooms, so that each that does not answer is told again by itself, after
 * a restart too. The table is made with the first.
 */
export class Errands {
  readonly #sql: SqlStorage;
  /** Those that failed last come last. */
  readonly #errands = new Map<string, Errand>();
  #exists: boolean;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    this.#exists = hasTable(sql, "errands");
    if (!this.#exists) return;
    type Row = { kind: Errand["kind"]; session: string; room: string; at: number };
    for (const { kind, session, room, at } of sql.exec<Row>("SELECT * FROM errands")) {
      const errand = { kind, session: session || null, room: room || null, at };
      this.#errands.set(keyOf(errand), errand);
    }
  }

  get isEmpty(): boolean {
    return this.#errands.size === 0;
  }

  /** When the newest was made, 0 for none. */
  get newest(): number {
    return this.all().reduce((newest, { at }) => Math.max(newest, at), 0);
  }

  all(): Errand[] {
    return [...this.#errands.values()];
  }

  /** Whether an errand is still to be done: it may be done, taken back or replaced by a newer one. */
  has(errand: Errand): boolean {
    return this.#errands.get(keyOf(errand))?.at === errand.at;
  }

  /** Adds one, or puts one that failed behind the others; a newer one of the same kind stays. */
  add(errand: Errand): void {
    const key = keyOf(errand);
    const before = this.#errands.get(key);
    if (before && before.at > errand.at) return;
    this.#errands.delete(key);
    this.#errands.set(key, errand);
    if (before?.at === errand.at) return;
    if (!this.#exists) {
      this.#sql.exec(
        "CREATE TABLE errands (kind TEXT, session TEXT, room TEXT, at INTEGER, PRIMARY KEY (kind, session, room)) WITHOUT ROWID",
      );
      this.#exists = true;
    }
    const { kind, session, room, at } = errand;
    this.#sql.exec(
      "INSERT OR REPLACE INTO errands VALUES (?, ?, ?, ?)",
      kind,
      session ?? ANY,
      room ?? ANY,
      at,
    );
  }

  /** Notes that one is done; a newer one of the same kind stays. */
  done(errand: Errand): void {
    if (!this.has(errand)) return;
    const { kind, session, room } = errand;
    this.#errands.delete(keyOf(errand));
    this.#sql.exec(
      "DELETE FROM errands WHERE kind = ? AND session = ? AND room = ?",
      kind,
      session ?? ANY,
      room ?? ANY,
    );
  }

  /** Drops those of revocations that were made before `time`. */
  dropRevocations(time = Number.POSITIVE_INFINITY): void {
    for (const errand of this.all()) {
      if (errand.kind === "revoke" && errand.at < time) this.done(errand);
    }
  }

  /** To be called when the object's storage was deleted. */
  clear(): void {
    this.#exists = false;
    this.#errands.clear();
  }
}
