/** The shortest time between two updates of the number of watchers (SPEC S2). */
const EVERY_MS = 5_000;

/** When to send windows the number of watchers. */
export class WatchingClock {
  /** The number that all windows were sent, except those that came since. */
  #told = 0;
  /** Whether a window that came since was sent another number. */
  #isMixed = false;
  #toldAt = Number.NEGATIVE_INFINITY;

  /** Starts with a number that was sent. */
  begin(watching: number): void {
    this.#told = watching;
  }

  /** When {@link take} has something to send; `Infinity` for never. */
  dueAt(watching: number): number {
    if (watching === this.#told && !this.#isMixed) return Number.POSITIVE_INFINITY;
    return this.#toldAt + EVERY_MS;
  }

  /** The number for a window that comes now. */
  frameFor(watching: number): string {
    if (watching !== this.#told) this.#isMixed = true;
    return frameOf(watching);
  }

  /** The number to send to all now; `null` for nothing. */
  take(watching: number, now: number): string | null {
    const dueAt = this.dueAt(watching);
    // If the clock is set back, the number must still be sent.
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
