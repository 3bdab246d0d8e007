import type { RoomWindow } from "../client/options.ts";
import { DEFAULT_WINDOW } from "../protocol/messages.ts";
import { WindowConnection } from "./window-connection.ts";

/** The same for each limit, so that handles share a connection however often an app asks. */
const windows: RoomWindow[] = [];

/**
 * A part of a room, to be given to `joinRoom`, a provider or an element as the option `window`: the
 * first `limit` who are there (0 to 100), and whom `room.watch` names.
 *
 * @example
 * const room = joinRoom("/rooms/everyone", { present: false, window: windowOf({ limit: 0 }) });
 * const end = room.watch(["ada", "bob"]);
 */
export function windowOf({ limit = DEFAULT_WINDOW }: { limit?: number } = {}): RoomWindow {
  return (windows[limit] ??= { limit, Connection: WindowConnection });
}

export type { RoomWindow };
