import type { Since } from "../../protocol/since.ts";

/** The longest that a first state waits for the hub to include its user (SPEC W4, N3). */
const LONGEST_MS = 5_000;

/** A connection that waits. */
interface Waiting {
  since: Since | null;
  /** Set at the end of the turn in which it came. */
  until: number | null;
}

/** The connections of a shard whose first state waits until the copy has their user. */
export class FirstStates<Connection extends { user: string | undefined; isWatcher: boolean }> {
  readonly #includes: (user: string) => boolean;
  readonly #waiting = new Map<Connection, Waiting>();
  /** Those that came since the last turn. */
  #fresh: Connection[] = [];
  /** Whether the copy has changed: others may no longer have to wait. */
  #isChanged = false;
  #dueAt = Number.POSITIVE_INFINITY;

  /** `includes` returns whether the copy has a user as this shard knows them. */
  constructor(includes: (user: string) => boolean) {
    this.#includes = includes;
  }

  get hasWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  has(connection: Connection): boolean {
    return this.#waiting.has(connection);
  }

  hold(connection: Connection, since: Since | null): void {
    this.#waiting.set(connection, { since, until: null });
    this.#fresh.push(connection);
  }

  forget(connection: Connection): void {
    this.#waiting.delete(connection);
  }

  /** Call it when the copy has changed. */
  look(): void {
    this.#isChanged = true;
  }

  /** When {@link take} has to be called, whatever the copy has; `Infinity` for never. */
  get dueAt(): number {
    return this.#waiting.size > 0 ? this.#dueAt : Number.POSITIVE_INFINITY;
  }

  /** Takes those that need not wait any longer. */
  take(now: number): [Connection, Since | null][] {
    const looked = this.#isChanged || this.#dueAt <= now ? this.#waiting.keys() : this.#fresh;
    const taken: [Connection, Since | null][] = [];
    for (const connection of [...looked]) {
      const waiting = this.#waiting.get(connection);
      if (waiting === undefined) continue;
      waiting.until ??= now + LONGEST_MS;
      const { user, isWatcher } = connection;
      const isShown = isWatcher || user === undefined || this.#includes(user);
      // If the clock is set back, nobody must wait longer.
      const isLate = waiting.until <= now || waiting.until > now + LONGEST_MS;
      if (!isShown && !isLate) continue;
      this.#waiting.delete(connection);
      taken.push([connection, waiting.since]);
    }
    this.#fresh = [];
    this.#isChanged = false;
    this.#dueAt = Number.POSITIVE_INFINITY;
    // All wait equally long: the first is due first.
    const [first] = this.#waiting.values();
    if (first) this.#dueAt = first.until ?? now + LONGEST_MS;
    return taken;
  }
}
