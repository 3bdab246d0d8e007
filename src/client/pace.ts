import { FRAME_MS } from "./times.ts";

/** When the client may say what it has to say. */
export class Pace {
  #notBefore = 0;
  /** When {@link onReady} is to be called; `Infinity` for not at all. */
  #dueAt = Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #onReady: () => void;

  constructor(onReady: () => void) {
    this.#onReady = onReady;
  }

  /** There is something to say, which may wait so long for more. */
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

  /** A frame was sent. */
  count(): void {
    this.#notBefore = Math.max(this.#notBefore, Date.now()) + FRAME_MS;
  }
}
