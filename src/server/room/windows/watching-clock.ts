/** How many watch is told at most as often (SPEC S2). */
const EVERY_MS = 5_000;

/** When windows are to be told how many watch the room. */
export class WatchingClock {
  /** What all windows were told, but for those that came since. */
  #told = 0;
  /** Whether one that came since was told something else. */
  #isMixed = false;
  #toldAt = Number.NEGATIVE_INFINITY;

  /** Begins with a number that was told. */
  begin(watching: number): void {
    this.#told = watching;
  }

  /** When {@link take} has something to tell; `Infinity` for never. */
  dueAt(watching: number): number {
    if (watching === this.#told && !this.#isMixed) return Number.POSITIVE_INFINITY;
    return this.#toldAt + EVERY_MS;
  }

  /** What one is told that comes now. */
  frameFor(watching: number): string {
    if (watching !== this.#told) this.#isMixed = true;
    return frameOf(watching);
  }

  /** What all are to be told now; `null` for nothing. */
  take(watching: number, now: number): string | null {
    const dueAt = this.dueAt(watching);
    // A clock that was set back must not silence anybody.
    const isSoon = dueAt > now && dueAt <= now + EVERY_MS;
    if (dueAt === Number.POSITIVE_INFINITY || isSoon) return null;
    this.#told = watching;
    this.#isMixed = false;
    this.#toldAt = now;
    return frameOf(watching);
  }
}

function frameOf(watching: number): string {
  return JSON.stringify({ type: "watching", watching });
}
