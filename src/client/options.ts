import type { Data, Snapshot } from "../protocol/messages.ts";
import type { SignInOptions } from "./sign-in-options.ts";
import type { RoomHandle, Signalling } from "./types.ts";

/** The part of a room to show, and what connects to it. */
export interface RoomWindow {
  /** How many members are shown beside the watched ones. */
  readonly limit: number;
  /** The class of its connections. */
  readonly Connection: unknown;
}

/** What sends signals on the connection that a handle has now; `signals` of `rollcall/signals`. */
export type RoomSignals = (current: () => Signalling | undefined) => Pick<RoomHandle, "signal">;

/** How a client connects. Handles of one URL with the same values of these share a connection. */
export interface ConnectionOptions extends SignInOptions {
  /** The id of the signed-in user: with another id, nothing of the previous user's is shared. */
  user?: string;
  /** After how long without input the person counts as away from this page; 300,000. */
  idleAfterMs?: number;
  /** `false` only watches: the person is not on the list, and has no status there; `true`. */
  present?: boolean;
  /** Shows a part of the room: the result of `windowOf` of `rollcall/window`. */
  window?: RoomWindow;
  /** How each change is sent (SPEC W3); `delta`. */
  view?: "delta" | "snapshot";
  /** A `WebSocket` class, if the runtime has none or you need to send headers with it. */
  WebSocket?: unknown;
  /** Sends HTTP requests; the runtime's own if absent. */
  fetch?: typeof fetch;
}

export interface JoinOptions<D extends object = Data> extends ConnectionOptions {
  /**
   * The snapshot that your server read with `GET`: shown from the start, then updated with what
   * changed.
   */
  initial?: Snapshot<D>;
  /** `false` waits for `join()`, for example until the person has signed in. */
  autoJoin?: boolean;
  /** Lets `room.signal` send: `signals` of `rollcall/signals`. */
  signals?: RoomSignals;
}
