import type { Connection } from "./connection.ts";

/** A whole state costs the room much and the asking nothing: this often at most (SPEC W12). */
const EVERY_MS = 5_000;

/** When each connection may be given the state that it asked for by `sync`. */
export class Syncs {
  readonly #answeredAt = new WeakMap<Connection, number>();
  /** Who asked too soon, and when each is to be answered. */
  readonly #due = new Map<Connection, number>();

  /** When the first of them is to be answered; `Infinity` for never. */
  get dueAt(): number {
    let dueAt = Number.POSITIVE_INFINITY;
    for (const at of this.#due.values()) dueAt = Math.min(dueAt, at);
    return dueAt;
  }

  /** Tells whether a connection that asks is to be answered now; else {@link takeDue} tells it later. */
  ask(connection: Connection, now: number): boolean {
    if (this.#due.has(connection)) return false;
    const answeredAt = this.#answeredAt.get(connection);
    // A clock that was set back must not silence anybody.
    const isSoon = answeredAt !== undefined && now >= answeredAt && now < answeredAt + EVERY_MS;
    if (isSoon) this.#due.set(connection, answeredAt + EVERY_MS);
    else this.#answeredAt.set(connection, now);
    return !isSoon;
  }

  /** Takes those whose time has come, or lies too far ahead, since the clock was set back. */
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

  /** Drops a connection that ended or signed out. */
  forget(connection: Connection): void {
    this.#due.delete(connection);
  }
}
