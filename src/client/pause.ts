/** Timers of browsers go no further. */
export const LONGEST_MS = 2 ** 31 - 1;

/** A wait that can be cut short, but for what patience asks. */
export class Pause {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #resolve = (_isCut?: boolean): void => {};
  #notBefore = 0;
  #thenMs = 0;

  /** Lets no wait end earlier than in this time, one that goes on included. */
  atLeast(ms: number): void {
    this.#notBefore = Math.max(this.#notBefore, Date.now() + ms);
    this.#arm();
  }

  /** Waits until nothing more asks for patience, and this long; `true` where that was cut short. */
  wait(ms: number): Promise<boolean | undefined> {
    this.#thenMs = ms;
    return new Promise((resolve) => {
      this.#resolve = resolve;
      this.#arm();
    });
  }

  /** Ends the wait where it is no longer patience. */
  hurry(): void {
    if (Date.now() >= this.#notBefore) this.end();
  }

  /** Ends the wait, whatever of it is left. */
  end(): void {
    clearTimeout(this.#timer);
    this.#resolve(true);
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const patienceMs = Math.max(0, this.#notBefore - Date.now());
    this.#timer = setTimeout(() => this.#resolve(), patienceMs + this.#thenMs);
  }
}
