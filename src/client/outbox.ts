import type { Status } from "../protocol/messages.ts";
import type { Change } from "./types.ts";

/** The app's changes to its member, until the room has confirmed them. */
export class Outbox {
  /** Not sent yet; the last value of each key. */
  #waiting: Change = {};
  /** Sent, and not completely answered yet. */
  #sent: Change = {};
  #count = 0;

  /** The status chosen here that the room has not confirmed yet; `undefined` for none. */
  get chosen(): Status | null | undefined {
    return this.#kept().status;
  }

  /** Whether there is nothing to {@link take}. */
  get isEmpty(): boolean {
    return !Object.keys(this.#waiting).length;
  }

  put(change: Change): void {
    this.#waiting = { ...this.#waiting, ...change };
  }

  /** The changes to send now, to be settled by their id; `null` for none. */
  take(): (Change & { id: string }) | null {
    const change = this.#waiting;
    if (this.isEmpty) return null;
    this.#sent = this.#kept();
    this.#waiting = {};
    return { ...change, id: String(++this.#count) };
  }

  /** Notes an answer of the room; returns whether it was the last one outstanding. */
  settle(id: string | undefined): boolean {
    const isLast = id === String(this.#count);
    if (isLast) this.#sent = {};
    return isLast;
  }

  /** Drops everything, since another person chose it. */
  clear(): void {
    this.#waiting = this.#sent = {};
  }

  /** The room has answered all that was sent. */
  settleAll(): void {
    this.#sent = {};
  }

  /** Nobody knows whether the sent changes arrived: sends all of them again. */
  restore(): void {
    this.#waiting = this.#kept();
    this.#sent = {};
  }

  #kept(): Change {
    return { ...this.#sent, ...this.#waiting };
  }
}
