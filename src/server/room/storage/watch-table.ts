import { log } from "../../log.ts";
import { hasTable } from "../../platform/has-table.ts";
import type { WatchList } from "../windows/watch-lists.ts";

/** The most ids that one statement takes. */
const AT_ONCE = 100;

/** A row's `ids`: the watched users, and those of them who may not be watched. */
type Ids = [watched: string[], denied: string[]];

/**
 * Stores watch lists across hibernation (SPEC S5): a row for each connection that watches a user.
 * The first one creates the table.
 */
export class WatchTable {
  readonly #storage: DurableObjectStorage;
  readonly #room: string;
  #exists: boolean;

  /** `room` is its name, for the log. */
  constructor(storage: DurableObjectStorage, room: string) {
    this.#storage = storage;
    this.#room = room;
    this.#exists = hasTable(storage.sql, "watched");
  }

  /** Whether the table exists; it may be empty. */
  get exists(): boolean {
    return this.#exists;
  }

  /**
   * Hands over the lists of the remaining connections, by connection id, and deletes the others, which
   * have ended. Only one at a time is in memory twice: together they can be half of what an object has.
   */
  load(
    isLeft: (connection: string) => boolean,
    restore: (connection: string, list: WatchList) => void,
  ): void {
    if (!this.#exists) return;
    const ended: string[] = [];
    const rows = this.#storage.sql.exec<{ connection: string; ids: string }>(
      "SELECT connection, ids FROM watched",
    );
    for (const { connection, ids } of rows) {
      if (!isLeft(connection)) ended.push(connection);
      else restore(connection, this.#parse(ids));
    }
    this.#delete(ended);
  }

  /** Writes the lists that changed, and deletes those that have ended. */
  write(changed: ReadonlyMap<string, WatchList | null>): void {
    const ended: string[] = [];
    for (const [connection, list] of changed) {
      if (list === null) ended.push(connection);
      else this.#put(connection, list);
    }
    this.#delete(ended);
  }

  /** Call it after the room's storage was deleted. */
  clear(): void {
    this.#exists = false;
  }

  #put(connection: string, { watched, denied }: WatchList): void {
    const { sql } = this.#storage;
    if (!this.#exists) {
      sql.exec("CREATE TABLE watched (connection TEXT PRIMARY KEY, ids TEXT) WITHOUT ROWID");
      this.#exists = true;
    }
    const ids: Ids = [[...watched], [...denied]];
    sql.exec("INSERT OR REPLACE INTO watched VALUES (?, ?)", connection, JSON.stringify(ids));
  }

  #delete(connections: readonly string[]): void {
    if (!this.#exists) return;
    for (let at = 0; at < connections.length; at += AT_ONCE) {
      const batch = connections.slice(at, at + AT_ONCE);
      const marks = batch.map(() => "?").join();
      this.#storage.sql.exec(`DELETE FROM watched WHERE connection IN (${marks})`, ...batch);
    }
  }

  /** A row that cannot be read counts as never set (SPEC L6). */
  #parse(text: string): WatchList {
    try {
      const [watched, denied] = JSON.parse(text) as Ids;
      return { watched: new Set(watched), denied: new Set(denied) };
    } catch {
      const reason = "a stored watch list cannot be read";
      log("failure", { code: "internal", room: this.#room, reason });
      return { watched: new Set(), denied: new Set() };
    }
  }
}
