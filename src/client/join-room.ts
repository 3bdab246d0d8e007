import type { Data } from "../protocol/messages.ts";
import { openHandle } from "./handle.ts";
import type { JoinOptions } from "./options.ts";
import type { RoomHandle } from "./types.ts";

/**
 * Joins a room and stays present in it until `leave()`, through lost networks and restarts. Handles
 * with the same URL and the same connection options share a connection: pass the same functions, not
 * new ones at each call. Throws if the URL is not one of a web server.
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
  // The app and its types decide what the data are.
  return handle as unknown as RoomHandle<D>;
}
