import { hasTable } from "../platform/has-table.ts";

/**
 * How many of a hub's own webhook messages became dead (SPEC H6). It is stored: a hub sleeps between
 * two attempts to send one. It ends with the room's storage.
 */
export class DeadCount {
  readonly #sql: SqlStorage;
  #exists: boolean;
  #messages = 0;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    this.#exists = hasTable(sql, "dead");
    if (!this.#exists) return;
    const rows = sql.exec<{ messages: number }>("SELECT messages FROM dead");
    this.#messages = [...rows][0]?.messages ?? 0;
  }

  get messages(): number {
    return this.#messages;
  }

  add(messages: number): void {
    if (messages === 0) return;
    if (!this.#exists) {
      this.#sql.exec("CREATE TABLE dead (id INTEGER PRIMARY KEY, messages INTEGER NOT NULL)");
    }
    this.#exists = true;
    this.#messages += messages;
    this.#sql.exec("INSERT OR REPLACE INTO dead VALUES (1, ?)", this.#messages);
  }

  /** Call it when the hub's storage is deleted. */
  clear(): void {
    this.#exists = false;
    this.#messages = 0;
  }
}
