import { hasTable } from "../platform/has-table.ts";

/** The generations in use, by their numbers of shards, in the hub's storage. */
export class Generations {
  readonly #sql: SqlStorage;
  #stored = new Set<number>();
  #exists: boolean;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    this.#exists = hasTable(sql, "generations");
  }

  load(): number[] {
    if (!this.#exists) return [];
    const rows = this.#sql.exec<{ shards: number }>("SELECT shards FROM generations");
    this.#stored = new Set([...rows].map(({ shards }) => shards));
    return [...this.#stored];
  }

  /** Stores those in use. */
  save(numbers: readonly number[]): void {
    if (!this.#exists && numbers.length > 0) {
      this.#sql.exec("CREATE TABLE generations (shards INTEGER PRIMARY KEY)");
      this.#exists = true;
    }
    for (const shards of numbers) {
      if (this.#stored.has(shards)) continue;
      this.#sql.exec("INSERT INTO generations VALUES (?)", shards);
    }
    for (const shards of this.#stored) {
      if (numbers.includes(shards)) continue;
      this.#sql.exec("DELETE FROM generations WHERE shards = ?", shards);
    }
    this.#stored = new Set(numbers);
  }

  /** Call it after the hub's storage was deleted. */
  clear(): void {
    this.#exists = false;
    this.#stored = new Set();
  }
}
