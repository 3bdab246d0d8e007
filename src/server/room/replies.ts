import type { ServerFrame } from "../../protocol/messages.ts";
import { errorMessage, type ErrorCode } from "../errors.ts";
import type { Connection } from "./connections/connection.ts";

/** The queue of what single connections are sent once all changes so far are stored. */
export class Replies {
  #waiting: (() => void)[] = [];

  /** Sends a frame, or one as text. */
  send(connection: Connection, frame: ServerFrame | string): void {
    this.after(() => connection.send(frame));
  }

  /** Acknowledges a frame that has an `id` (SPEC W7). */
  acknowledge(connection: Connection, id: string | undefined): void {
    if (id !== undefined) this.send(connection, { type: "ack", id });
  }

  /** Answers a refused frame with an `error` (SPEC W6). */
  refuse(connection: Connection, code: ErrorCode, id: string | undefined): void {
    const message = errorMessage(code);
    this.send(connection, { type: "error", code, message, ...(id !== undefined && { id }) });
  }

  /** Runs `act` once the changes so far are stored. */
  after(act: () => void): void {
    this.#waiting.push(act);
  }

  /**
   * Runs all that waits, and returns whether there was anything; a fault goes to `onFault`, and stops
   * none of the others.
   */
  release(onFault: (error: unknown) => void): boolean {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const act of waiting) {
      try {
        act();
      } catch (error) {
        onFault(error);
      }
    }
    return waiting.length > 0;
  }
}
