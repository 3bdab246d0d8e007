import type { Context } from "hono";
import { isRoomName } from "../../protocol/room-name.ts";
import type { AppBindings } from "../env.ts";
import { Refusal } from "../errors.ts";

/** The context of a route's handler. */
export type AppContext = Context<AppBindings>;

/** The room that a request's path names, for its log lines; `undefined` if it names none. */
export function namedRoom(c: AppContext): string | undefined {
  const room = c.req.param("room") ?? "";
  return isRoomName(room) ? room : undefined;
}

/**
 * The room that a request's path names.
 *
 * @throws Refusal `room_invalid`.
 */
export function roomOf(c: AppContext): string {
  const room = namedRoom(c);
  if (room === undefined) throw new Refusal("room_invalid");
  return room;
}
