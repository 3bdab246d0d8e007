import type { UsedTicket } from "../room-request.ts";

/** The Worker that checks a ticket's expiry may run by a clock that is late. */
const CLOCK_SKEW_MS = 10_000;

/** The tickets that were used and have not expired: each is good once (SPEC T1). */
export class UsedTickets {
  readonly #storage: DurableObjectStorage;
  /** Ids and expiries, in milliseconds since 1970. */
  readonly #used = new Map<string, number>();
  #exists: boolean;
  #dueAt = Number.POSITIVE_INFINITY;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    const found = storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'tickets'");
    this.#exists = [...found].length > 0;
    if (!this.#exists) return;
    const rows = storage.sql.exec<{ id: string; expires_at: number }>("SELECT * FROM tickets");
    for (const { id, expires_at } of rows) this.#note(id, expires_at);
  }

  /** No later than when one of them can be forgotten; `Infinity` for none. */
  get dueAt(): number {
    return this.#dueAt;
  }

  get isEmpty(): boolean {
    return this.#used.size === 0;
  }

  has({ id }: UsedTicket): boolean {
    return this.#used.has(id);
  }

  add(ticket: UsedTicket): void {
    const { sql } = this.#storage;
    const { id } = ticket;
    const expiresAt = ticket.expiresAt + CLOCK_SKEW_MS;
    if (!this.#exists) {
      sql.exec("CREATE TABLE tickets (id TEXT PRIMARY KEY, expires_at INTEGER) WITHOUT ROWID");
      this.#exists = true;
    }
    sql.exec("INSERT INTO tickets VALUES (?, ?)", id, expiresAt);
    this.#note(id, expiresAt);
  }

  /** Forgets those that have expired: nobody can use them any more. */
  advance(now: number): void {
    if (now < this.#dueAt) return;
    this.#storage.sql.exec("DELETE FROM tickets WHERE expires_at <= ?", now);
    this.#dueAt = Number.POSITIVE_INFINITY;
    for (const [id, expiresAt] of this.#used) {
      if (expiresAt <= now) this.#used.delete(id);
      else this.#dueAt = Math.min(this.#dueAt, expiresAt);
    }
  }

  /** To be called when the room's storage was deleted. */
  clear(): void {
    this.#exists = false;
    this.#used.clear();
    this.#dueAt = Number.POSITIVE_INFINITY;
  }

  #note(id: string, expiresAt: number): void {
    this.#used.set(id, expiresAt);
    this.#dueAt = Math.min(this.#dueAt, expiresAt);
  }
}
