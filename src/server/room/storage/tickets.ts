import { hasTable } from "../../platform/has-table.ts";
import type { UsedTicket } from "../../session/own-tokens.ts";
import { TimeIndex } from "../members/time-index.ts";

/** The clock of the Worker that checks a ticket's expiry may be late. */
const CLOCK_SKEW_MS = 10_000;

/** The used tickets that have not expired: each ticket is good once (SPEC T1). */
export class UsedTickets {
  readonly #storage: DurableObjectStorage;
  /** Ids and expiries, in milliseconds since 1970. */
  readonly #used = new TimeIndex();
  #exists: boolean;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#exists = hasTable(storage.sql, "tickets");
    if (!this.#exists) return;
    const rows = storage.sql.exec<{ id: string; expires_at: number }>("SELECT * FROM tickets");
    for (const { id, expires_at } of rows) this.#used.set(id, expires_at);
  }

  /** When the first of them expires; `Infinity` for none. */
  get dueAt(): number {
    return this.#used.firstTime;
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
    this.#used.set(id, expiresAt);
  }

  /** Removes the expired ones, which nobody can use any more. */
  advance(now: number): void {
    for (const id of this.#used.takeUntil(now)) {
      this.#storage.sql.exec("DELETE FROM tickets WHERE id = ?", id);
    }
  }

  /** Call it after the room's storage was deleted. */
  clear(): void {
    this.#exists = false;
    this.#used.clear();
  }
}
