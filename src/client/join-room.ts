import type { Data } from "../protocol/messages.ts";
import { openHandle } from "./handle.ts";
import type { JoinOptions } from "./options.ts";
import type { RoomHandle } from "./types.ts";

/**
 * Enters a room and stays present in it until `leave()`, through lost networks and restarts. Handles
 * of one URL share a connection where all that decides how it connects is the same: pass the same
 * functions, not new ones at each call. Throws where the URL is none of a web server.
 *
 * @example
 * const room = joinRoom<{ typing: boolean }>("/rooms/lobby");
 * room.subscribe(() => console.log(room.getSnapshot().online));
 */
export function joinRoom<D extends object = Data>(
  url: string | URL,
  options: JoinOptions<D> = {},
): RoomHandle<D> {
  const handle = openHandle(url, options as JoinOptions);
  if (options.autoJoin !== false) handle.join();
  // What the data are is between the app and its types.
  return handle as unknown as RoomHandle<D>;
}
