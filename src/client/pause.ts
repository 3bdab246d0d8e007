/** The longest timer that browsers support. */
export const LONGEST_MS = 2 ** 31 - 1;

/** A wait that can be cut short, but never below the minimum that {@link atLeast} sets. */
export class Pause {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #resolve = (_isCut?: boolean): void => {};
  #notBefore = 0;
  #thenMs = 0;

  /** Sets a minimum from now on, also for a wait under way. */
  atLeast(ms: number): void {
    this.#notBefore = Math.max(this.#notBefore, Date.now() + ms);
    this.#arm();
  }

  /** Waits for the minimum, then `ms` longer; resolves to `true` if it was cut short. */
  wait(ms: number): Promise<boolean | undefined> {
    this.#thenMs = ms;
    return new Promise((resolve) => {
      this.#resolve = resolve;
      this.#arm();
    });
  }

  /** Ends the wait, unless the minimum is still running. */
  hurry(): void {
    if (Date.now() >= this.#notBefore) this.end();
  }

  /** Ends the wait at once. */
  end(): void {
    clearTimeout(this.#timer);
    this.#resolve(true);
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const waitMs = this.#thenMs + Math.max(0, this.#notBefore - Date.now());
    this.#timer = setTimeout(() => this.#resolve(), waitMs);
  }
}
