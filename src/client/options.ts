import type { Data, Snapshot } from "../protocol/messages.ts";
import type { SignInOptions } from "./sign-in-options.ts";

/** A part of a room to be shown, and what connects to it. */
export interface RoomWindow {
  /** How many are shown beside those who are watched. */
  readonly limit: number;
  /** The class of its connections. */
  readonly Connection: unknown;
}

/** How a client connects. Handles of one URL with the same values of these share a connection. */
export interface ConnectionOptions extends SignInOptions {
  /** Who is signed in, as the app knows: with another, nothing of the former person's is shared. */
  user?: string;
  /** After how long without input the person counts as away from this page; 300,000. */
  idleAfterMs?: number;
  /** `false` only watches: the person is on nobody's list, and has no status there; `true`. */
  present?: boolean;
  /** Shows a part of the room: what `windowOf` of `rollcall/window` gives. */
  window?: RoomWindow;
  /** What each change is sent as (SPEC W3); `delta`. */
  view?: "delta" | "snapshot";
  /** A `WebSocket` class, where the runtime has none or headers are to be sent with it. */
  WebSocket?: unknown;
  /** Reads the room over HTTP; the runtime's own where absent. */
  fetch?: typeof fetch;
}

export interface JoinOptions<D extends object = Data> extends ConnectionOptions {
  /** The room as `GET` answered it to the app's server: shown from the start, and gone on from. */
  initial?: Snapshot<D>;
  /** `false` waits for `join()`, as where the person is yet to sign in. */
  autoJoin?: boolean;
}
