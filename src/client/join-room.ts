import type { Data, Status } from "../protocol/messages.ts";
import type { JoinOptions } from "./options.ts";
import { returnShare, type Share, takeShare } from "./share.ts";
import { stateOf } from "./state.ts";
import type { RoomHandle, RoomState } from "./types.ts";

/**
 * Enters a room and stays present in it until `leave()`, through lost networks and restarts. Handles
 * of one URL share a connection where all that decides how it connects is the same: pass the same
 * functions, not new ones at each call.
 *
 * @example
 * const room = joinRoom("/rooms/lobby");
 * room.subscribe(() => console.log(room.getSnapshot().online));
 */
export function joinRoom(url: string | URL, options: JoinOptions = {}): RoomHandle {
  const handle = new Handle(new URL(url, globalThis.location?.href).href, options);
  if (options.autoJoin !== false) handle.join();
  return handle;
}

/** One place of the app's from which it is in a room. */
class Handle implements RoomHandle {
  readonly #url: string;
  readonly #options: JoinOptions;
  readonly #listeners = new Set<() => void>();
  /** `null` while this handle is not in the room. */
  #share: Share | null = null;
  /** What is shown then. */
  #apart: RoomState;

  constructor(url: string, options: JoinOptions) {
    this.#url = url;
    this.#options = options;
    this.#apart = stateOf("closed", options.initial);
  }

  getSnapshot = (): RoomState => this.#share?.connection.state ?? this.#apart;

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  setStatus(status: Status | null): void {
    this.#share?.connection.update({ status });
  }

  setData(data: Data | null): void {
    this.#share?.connection.update({ data });
  }

  join(): void {
    if (this.getSnapshot().connection !== "closed") return;
    this.#part();
    this.#share = takeShare(this.#url, this.#options);
    this.#share.connection.listeners.add(this.#tell);
    this.#tell();
  }

  leave(): void {
    this.#apart = { ...this.getSnapshot(), connection: "closed", error: null };
    this.#part();
  }

  #part(): void {
    if (this.#share === null) return;
    this.#share.connection.listeners.delete(this.#tell);
    returnShare(this.#share);
    this.#share = null;
  }

  #tell = (): void => {
    for (const listener of this.#listeners) listener();
  };
}
