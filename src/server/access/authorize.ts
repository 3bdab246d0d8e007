import type { Env } from "../env.ts";
import type { Session } from "../session/session.ts";
import { matchesRoom } from "./match-room.ts";

/** What an app's own rule may look at. */
export interface RuleContext<Bindings = Env> {
  /** The bindings and variables of the deployment. */
  env: Bindings;
  /** Absent where a room asks by itself: for a token that came over an open socket. */
  request?: Request;
}

/** What a caller wants of a room. */
export type Action = "read" | "join";

/** Decides whether a session may do something in a room. */
export type Authorize<Bindings = Env> = (
  session: Session,
  room: string,
  action: Action,
  context: RuleContext<Bindings>,
) => boolean | Promise<boolean>;

/**
 * Answers those of some users whom a session may watch in a room, by their ids (SPEC S6).
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
 * The default rule: a session without `rooms` may enter any, else those it names, where a trailing
 * `*` matches any rest (SPEC A4).
 *
 * @example
 * authorizeByRooms({ ...session, rooms: ["docs:*"] }, "docs:42"); // true
 */
export function authorizeByRooms(session: Pick<Session, "rooms">, room: string): boolean {
  return session.rooms === undefined || matchesRoom(session.rooms, room);
}
