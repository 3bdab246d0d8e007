import type { Env } from "../env.ts";
import type { Session } from "../session/session.ts";
import { matchesRoom } from "./match-room.ts";

/** The context of an app's own rule. */
export interface RuleContext<Bindings = Env> {
  /** The bindings and variables of the deployment. */
  env: Bindings;
  /** Absent if a room itself asks: for a token that came over an open socket, and for a renewal. */
  request?: Request;
}

/** What a caller wants to do in a room. */
export type Action = "read" | "join";

/** Decides whether a session may do something in a room. */
export type Authorize<Bindings = Env> = (
  session: Session,
  room: string,
  action: Action,
  context: RuleContext<Bindings>,
) => boolean | Promise<boolean>;

/**
 * Returns which of some users a session may watch in a room, by their ids (SPEC S6).
 *
 * @example
 * const onlyFriends: AuthorizeWatch = (session, _room, ids) => friendsAmong(session.user.id, ids);
 */
export type AuthorizeWatch<Bindings = Env> = (
  session: Session,
  room: string,
  ids: readonly string[],
  context: RuleContext<Bindings>,
) => Iterable<string> | Promise<Iterable<string>>;

/**
 * The default rule: a session without `rooms` may enter any room, otherwise the rooms it names. A
 * trailing `*` matches any rest (SPEC A4).
 *
 * @example
 * authorizeByRooms({ ...session, rooms: ["docs:*"] }, "docs:42"); // true
 */
export function authorizeByRooms(session: Pick<Session, "rooms">, room: string): boolean {
  return session.rooms === undefined || matchesRoom(session.rooms, room);
}
