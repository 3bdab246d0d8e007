import type { Counts } from "../room-object.ts";

/** Counts alone are told at most as often (SPEC S4). */
const EVERY_MS = 1_000;

/** When windows in which nothing else changed are to be told the room's counts. */
export class CountsClock {
  #online = 0;
  #connections = 0;
  #toldAt = Number.NEGATIVE_INFINITY;
  /** When they are to be told; `Infinity` where they are. */
  #dueAt = Number.POSITIVE_INFINITY;

  get dueAt(): number {
    return this.#dueAt;
  }

  /** Begins with counts that were told. */
  begin({ online, connections }: Counts): void {
    this.#online = online;
    this.#connections = connections;
  }

  /** Notes what the counts are now. */
  note({ online, connections }: Counts, now: number): void {
    if (online === this.#online && connections === this.#connections) return;
    this.#online = online;
    this.#connections = connections;
    // What one window was told in between, another was not: they count as changed until all are told.
    const mayTellAt = this.#toldAt + EVERY_MS;
    // A clock that was set back must not silence anybody.
    this.#dueAt = mayTellAt > now + EVERY_MS ? now : Math.max(now, mayTellAt);
  }

  /** Tells whether they are to be told now, which is then done. */
  take(now: number): boolean {
    if (now < this.#dueAt && this.#dueAt <= now + EVERY_MS) return false;
    if (this.#dueAt === Number.POSITIVE_INFINITY) return false;
    this.#dueAt = Number.POSITIVE_INFINITY;
    this.#toldAt = now;
    return true;
  }
}
