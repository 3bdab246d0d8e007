import { joinRoom } from "../../src/client/index.ts";
import type { RoomHandle, RoomState } from "../../src/client/types.ts";
import type { Status } from "../../src/protocol/messages.ts";

const NOT_YET: RoomState = {
  connection: "connecting",
  members: [],
  self: null,
  online: 0,
  connections: 0,
  error: null,
};

/**
 * This page's presence in a room, for `useSyncExternalStore`: it is there while it is subscribed
 * to. A reload or a closed window ends no subscription, and must not: the room's grace hides the
 * one and times the other.
 */
export class Presence {
  readonly #url: URL;
  #handle: RoomHandle | null = null;
  #listener = () => {};

  constructor(room: string) {
    this.#url = new URL(`/rooms/${room}`, location.href);
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listener = listener;
    this.#join();
    return () => {
      this.#listener = () => {};
      this.#handle?.leave();
    };
  };

  getSnapshot = (): RoomState => this.#handle?.getSnapshot() ?? NOT_YET;

  setStatus = (status: Status | null): void => this.#handle?.setStatus(status);

  /** After the room was closed to this page. */
  joinAgain = (): void => {
    this.#join();
    this.#listener();
  };

  #join(): void {
    const handle = joinRoom(this.#url);
    handle.subscribe(() => {
      if (handle === this.#handle) this.#listener();
    });
    this.#handle = handle;
  }
}
