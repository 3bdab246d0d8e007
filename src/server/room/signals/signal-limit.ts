import { forgetOutside } from "../connections/flood.ts";

const SIGNALS = 150;
const SIGNALS_MS = 5_000;
const ANSWER_MS = 1_000;
/** As many as other frames that a connection may send in that time (SPEC W12). */
const READ = 20;

/** How often one connection may signal, apart from its other frames (SPEC G2). */
export class SignalLimit {
  /** The times of the signals accepted lately. */
  readonly #accepted: number[] = [];
  #answeredAt = Number.NEGATIVE_INFINITY;
  /** When messages were read that might be signals, while signals were ignored. */
  readonly #read: number[] = [];

  /** Counts a signal; returns whether it is within the limit. */
  accepts(now: number): boolean {
    forgetOutside(this.#accepted, SIGNALS_MS, now);
    if (this.#accepted.length >= SIGNALS) return false;
    this.#accepted.push(now);
    return true;
  }

  /** Whether a signal would be neither accepted nor answered now. */
  ignores(now: number): boolean {
    if (!this.#isAnswered(now)) return false;
    forgetOutside(this.#accepted, SIGNALS_MS, now);
    return this.#accepted.length >= SIGNALS;
  }

  /** Counts a message that may be a signal while signals are ignored; returns whether to read it. */
  reads(now: number): boolean {
    forgetOutside(this.#read, SIGNALS_MS, now);
    if (this.#read.length >= READ) return false;
    this.#read.push(now);
    return true;
  }

  /** Whether to answer a signal that is dropped now; a flood gets one answer a second. */
  answers(now: number): boolean {
    if (this.#isAnswered(now)) return false;
    this.#answeredAt = now;
    return true;
  }

  /** If the clock is set back, a flood must still be answered. */
  #isAnswered(now: number): boolean {
    return now >= this.#answeredAt && now < this.#answeredAt + ANSWER_MS;
  }
}
