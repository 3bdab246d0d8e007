import { FRAME_MS } from "./times.ts";

/** Decides when the client may send. */
export class Pace {
  #notBefore = 0;
  /** When to call {@link onReady}; `Infinity` for never. */
  #dueAt = Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #onReady: () => void;

  constructor(onReady: () => void) {
    this.#onReady = onReady;
  }

  /** Notes that there is something to send, which may wait this long for more. */
  due(gatherMs = 0): void {
    const now = Date.now();
    const at = Math.max(this.#notBefore, now + gatherMs);
    if (at >= this.#dueAt) return;
    this.#dueAt = at;
    clearTimeout(this.#timer);
    const ready = () => {
      this.#dueAt = Infinity;
      this.#onReady();
    };
    if (at > now) this.#timer = setTimeout(ready, at - now);
    else ready();
  }

  /** Notes that a frame was sent. */
  count(): void {
    this.#notBefore = Math.max(this.#notBefore, Date.now()) + FRAME_MS;
  }
}
