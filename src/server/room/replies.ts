import type { ServerFrame } from "../../protocol/messages.ts";
import { errorMessage, type ErrorCode } from "../errors.ts";
import type { Connection } from "./connections/connection.ts";

/** What is to be told to single connections once all that has changed so far is stored. */
export class Replies {
  #waiting: (() => void)[] = [];

  /** Sends a frame, or a text that is one. */
  send(connection: Connection, frame: ServerFrame | string): void {
    this.after(() => connection.send(frame));
  }

  /** Tells that a frame took effect, where it asked for that (SPEC W7). */
  acknowledge(connection: Connection, id: string | undefined): void {
    if (id !== undefined) this.send(connection, { type: "ack", id });
  }

  /** Tells that a frame was refused (SPEC W6). */
  refuse(connection: Connection, code: ErrorCode, id: string | undefined): void {
    const message = errorMessage(code);
    this.send(connection, { type: "error", code, message, ...(id !== undefined && { id }) });
  }

  /** Does what tells of a change. */
  after(act: () => void): void {
    this.#waiting.push(act);
  }

  /** Tells all that waits; `onFault` hears what failed, which keeps nobody else waiting. */
  release(onFault: (error: unknown) => void): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const act of waiting) {
      try {
        act();
      } catch (error) {
        onFault(error);
      }
    }
  }
}
