import type { ServerFrame } from "../../protocol/messages.ts";
import type { Connection } from "./connections/connection.ts";

/** What is to be told to single connections once all that has changed so far is stored. */
export class Replies {
  #waiting: (() => void)[] = [];

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Sends a frame, or a text that is one. */
  send(connection: Connection, frame: ServerFrame | string): void {
    this.after(() => connection.send(frame));
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
