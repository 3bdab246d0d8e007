import type { UsedTicket } from "../room-request.ts";

/** The tickets that were used and have not expired: each is good once (SPEC T1). */
export class UsedTickets {
  readonly #storage: DurableObjectStorage;
  /** Ids and expiries, in milliseconds; `null` until the first look, since most rooms have none. */
  #used: Map<string, number>;
  #exists: boolean;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    const found = storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'tickets'");
    this.#exists = [...found].length > 0;
    this.#used = new Map(this.#exists ? this.#load() : []);
  }

  /** When the earliest of them can be forgotten; `Infinity` for none. */
  get dueAt(): number {
    return Math.min(...this.#used.values());
  }

  get isEmpty(): boolean {
    return this.#used.size === 0;
  }

  has({ id }: UsedTicket): boolean {
    return this.#used.has(id);
  }

  add({ id, expiresAt }: UsedTicket): void {
    const { sql } = this.#storage;
    if (!this.#exists) {
      sql.exec("CREATE TABLE tickets (id TEXT PRIMARY KEY, expires_at INTEGER) WITHOUT ROWID");
      this.#exists = true;
    }
    sql.exec("INSERT INTO tickets VALUES (?, ?)", id, expiresAt);
    this.#used.set(id, expiresAt);
  }

  /** Forgets those that have expired: nobody can use them any more. */
  advance(now: number): void {
    for (const [id, expiresAt] of this.#used) {
      if (expiresAt > now) continue;
      this.#used.delete(id);
      this.#storage.sql.exec("DELETE FROM tickets WHERE id = ?", id);
    }
  }

  /** To be called when the room's storage was deleted. */
  clear(): void {
    this.#exists = false;
    this.#used.clear();
  }

  *#load(): Iterable<[string, number]> {
    const rows = this.#storage.sql.exec<{ id: string; expires_at: number }>(
      "SELECT id, expires_at FROM tickets",
    );
    for (const { id, expires_at } of rows) yield [id, expires_at];
  }
}
