import type { Status } from "../protocol/messages.ts";
import type { Change } from "./types.ts";

/** At most 17 changes in 5 s: the room takes 20 frames (SPEC W12), and there are others to send. */
const EVERY_MS = 300;
/** After a flood, until its frames do not count any more. */
const AFTER_FLOOD_MS = 5_000;

/** What the app changes of its member, from when it says so until the room has it. */
export class Outbox {
  /** Not sent; the last value of each key. */
  #waiting: Change = {};
  /** Sent and not answered, by id, oldest first. */
  readonly #sent = new Map<string, Change>();
  #count = 0;
  #notBefore = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #onReady: () => void;

  /** `onReady` is called when it is time to {@link take} something. */
  constructor(onReady: () => void) {
    this.#onReady = onReady;
  }

  /** The status that was chosen here and that the room has yet to take; `undefined` for none. */
  get chosen(): Status | null | undefined {
    return this.#kept().status;
  }

  put(change: Change): void {
    this.#waiting = { ...this.#waiting, ...change };
    this.#schedule();
  }

  /** What to send now, to be settled by its id; `null` for nothing. */
  take(): (Change & { id: string }) | null {
    const change = this.#waiting;
    if (Object.keys(change).length === 0) return null;
    const id = String(++this.#count);
    this.#waiting = {};
    this.#sent.set(id, change);
    this.#notBefore = Date.now() + EVERY_MS;
    return { ...change, id };
  }

  /** The room has taken or refused it; tells whether it was one of these. */
  settle(id: string | undefined): boolean {
    return id !== undefined && this.#sent.delete(id);
  }

  /** The same of all that was sent. */
  settleAll(): void {
    this.#sent.clear();
  }

  /** Nobody knows what became of what was sent: all of it is to be sent again. */
  restore(): void {
    this.#waiting = this.#kept();
    this.#sent.clear();
  }

  /** The room dropped frames, and does not say which. */
  retryLater(): void {
    this.restore();
    this.#notBefore = Date.now() + AFTER_FLOOD_MS;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#schedule();
  }

  #kept(): Change {
    return Object.assign({}, ...this.#sent.values(), this.#waiting) as Change;
  }

  #schedule(): void {
    if (this.#timer !== undefined) return;
    const ready = () => {
      this.#timer = undefined;
      this.#onReady();
    };
    const waitMs = this.#notBefore - Date.now();
    if (waitMs <= 0) ready();
    else this.#timer = setTimeout(ready, waitMs);
  }
}
