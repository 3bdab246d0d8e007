import type { Connection } from "./connection.ts";

/** A snapshot costs the room much and a `sync` costs nothing, so it is limited (SPEC W12). */
const EVERY_MS = 5_000;

/** Limits how often each connection gets the snapshot that it asks for with `sync`. */
export class Syncs {
  readonly #answeredAt = new WeakMap<Connection, number>();
  /** The connections that asked too soon, and when to answer each. */
  readonly #due = new Map<Connection, number>();

  /** When to answer the first of them; `Infinity` for never. */
  get dueAt(): number {
    let dueAt = Number.POSITIVE_INFINITY;
    for (const at of this.#due.values()) dueAt = Math.min(dueAt, at);
    return dueAt;
  }

  /** Whether to answer a connection now; otherwise {@link takeDue} answers it later. */
  ask(connection: Connection, now: number): boolean {
    if (this.#due.has(connection)) return false;
    const answeredAt = this.#answeredAt.get(connection);
    // If the clock is set back, everybody must still be answered.
    const isSoon = answeredAt !== undefined && now >= answeredAt && now < answeredAt + EVERY_MS;
    if (isSoon) this.#due.set(connection, answeredAt + EVERY_MS);
    else this.#answeredAt.set(connection, now);
    return !isSoon;
  }

  /** Takes those that are due, or whose time is too far ahead because the clock was set back. */
  takeDue(now: number): Connection[] {
    const due: Connection[] = [];
    for (const [connection, at] of this.#due) {
      if (at > now && at <= now + EVERY_MS) continue;
      this.#due.delete(connection);
      this.#answeredAt.set(connection, now);
      due.push(connection);
    }
    return due;
  }

  /** Removes a connection that ended or signed out. */
  forget(connection: Connection): void {
    this.#due.delete(connection);
  }
}
