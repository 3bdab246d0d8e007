import type { RoomWindow } from "../client/options.ts";
import { DEFAULT_WINDOW } from "../protocol/messages.ts";
import { WindowConnection } from "./window-connection.ts";

/** One object for each limit, so that handles share a connection however often an app calls. */
const windows: RoomWindow[] = [];

/**
 * A part of a room, for the option `window` of `joinRoom`, a provider or an element: the first
 * `limit` members who are there (0 to 100), and the users that `room.watch` names.
 *
 * @example
 * const room = joinRoom("/rooms/everyone", { present: false, window: windowOf({ limit: 0 }) });
 * const end = room.watch(["ada", "bob"]);
 */
export function windowOf({ limit = DEFAULT_WINDOW }: { limit?: number } = {}): RoomWindow {
  return (windows[limit] ??= { limit, Connection: WindowConnection });
}

export type { RoomWindow };
