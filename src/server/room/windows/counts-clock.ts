import type { Counts } from "../room-object.ts";

/** The shortest time between two updates of counts alone (SPEC S4). */
const EVERY_MS = 1_000;

/** When to send the room's counts to windows in which nothing else changed. */
export class CountsClock {
  #online = 0;
  #connections = 0;
  #toldAt = Number.NEGATIVE_INFINITY;
  /** When to send them; `Infinity` if they are up to date. */
  #dueAt = Number.POSITIVE_INFINITY;

  get dueAt(): number {
    return this.#dueAt;
  }

  /** Starts with counts that were sent. */
  begin({ online, connections }: Counts): void {
    this.#online = online;
    this.#connections = connections;
  }

  /** Sets the current counts. */
  note({ online, connections }: Counts, now: number): void {
    if (online === this.#online && connections === this.#connections) return;
    this.#online = online;
    this.#connections = connections;
    // Some windows got these counts in between, others did not: they stay changed until all have
    // them.
    const mayTellAt = this.#toldAt + EVERY_MS;
    // If the clock is set back, counts must still be sent.
    this.#dueAt = mayTellAt > now + EVERY_MS ? now : Math.max(now, mayTellAt);
  }

  /** Returns whether to send them now, and counts them as sent. */
  take(now: number): boolean {
    if (now < this.#dueAt && this.#dueAt <= now + EVERY_MS) return false;
    if (this.#dueAt === Number.POSITIVE_INFINITY) return false;
    this.#dueAt = Number.POSITIVE_INFINITY;
    this.#toldAt = now;
    return true;
  }
}
