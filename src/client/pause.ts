/** Timers of browsers go no further. */
export const LONGEST_MS = 2 ** 31 - 1;

/** A wait of which all but a first part can be cut short. */
export class Pause {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #resolve = (): void => {};
  #notBefore = 0;

  /** Waits both spans, in milliseconds. */
  wait(atLeastMs: number, thenMs: number): Promise<void> {
    this.#notBefore = Date.now() + atLeastMs;
    return new Promise((resolve) => {
      this.#resolve = resolve;
      this.#endIn(atLeastMs + thenMs);
    });
  }

  /** Ends the wait where its first part is over. */
  hurry(): void {
    if (Date.now() >= this.#notBefore) this.#endIn(0);
  }

  /** Ends the wait, whatever of it is left. */
  end(): void {
    this.#endIn(0);
  }

  #endIn(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#resolve, ms);
  }
}
