import type { Status } from "../protocol/messages.ts";
import type { Change } from "./types.ts";

/** What the app changes of its member, from when it says so until the room has it. */
export class Outbox {
  /** Not sent; the last value of each key. */
  #waiting: Change = {};
  /** Sent, and not answered to the last. */
  #sent: Change = {};
  #count = 0;

  /** The status that was chosen here and that the room has yet to take; `undefined` for none. */
  get chosen(): Status | null | undefined {
    return this.#kept().status;
  }

  /** Whether there is nothing to {@link take}. */
  get isEmpty(): boolean {
    return Object.keys(this.#waiting).length === 0;
  }

  put(change: Change): void {
    this.#waiting = { ...this.#waiting, ...change };
  }

  /** What to send now, to be settled by its id; `null` for nothing. */
  take(): (Change & { id: string }) | null {
    const change = this.#waiting;
    if (this.isEmpty) return null;
    this.#sent = this.#kept();
    this.#waiting = {};
    return { ...change, id: String(++this.#count) };
  }

  /** The room has answered; tells whether that was the last to be answered. */
  settle(id: string | undefined): boolean {
    const isLast = id === String(this.#count);
    if (isLast) this.settleAll();
    return isLast;
  }

  /** Forgets all of it, as what another person chose. */
  clear(): void {
    this.#waiting = this.#sent = {};
  }

  /** The room has answered all that was sent. */
  settleAll(): void {
    this.#sent = {};
  }

  /** Nobody knows what became of what was sent: all of it is to be sent again. */
  restore(): void {
    this.#waiting = this.#kept();
    this.#sent = {};
  }

  #kept(): Change {
    return { ...this.#sent, ...this.#waiting };
  }
}
