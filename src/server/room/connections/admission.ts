import { PROTOCOL, type WatcherWelcome, type Welcome } from "../../../protocol/messages.ts";
import type { Since } from "../../../protocol/since.ts";
import type { ErrorCode } from "../../errors.ts";
import type { RoomSession } from "../../session/room-session.ts";
import type { UsedTicket } from "../../session/own-tokens.ts";
import type { ConnectionRef } from "../members/changes.ts";
import type { Connection } from "./connection.ts";
import type { NewPlace } from "../members/member.ts";
import type { RoomState } from "../room-state.ts";
import { JSON_SOURCE } from "../../session/candidate.ts";
import { sealSession } from "../../session/seal.ts";

/** The Worker has checked the expiry by its own clock. */
const FROM_WORKER = { ...JSON_SOURCE, toleranceMs: 60_000 };

/**
 * Checks a session again that a Worker let in: during a gradual deploy that Worker may be an older
 * version, with other checks.
 *
 * @throws Refusal `session_invalid`, `session_expired`.
 */
export function sealJoiner(
  { config }: RoomState,
  { admission, ...joiner }: RoomSession,
  now: number,
): RoomSession {
  const { sessionMs } = config.session;
  const session = sealSession({ ...joiner, source: FROM_WORKER }, { now, sessionMs });
  return { ...session, ...(admission && { admission }) };
}

/** Whether a session's admission came too late, so that it must be admitted again (SPEC B3, B4). */
export function isStale(room: RoomState, { user, admission }: RoomSession, now: number): boolean {
  const { config, roster, barriers } = room;
  if (config.users === null || !admission) return false;
  const isHere = room.isHere(user.id);
  return barriers.isStale(user.id, admission, { isHere, stamp: roster.stampOf(user.id), now });
}

/** Uses up a ticket, or returns the refusal if it was used before (SPEC T1). */
export function useTicket(
  { tickets }: RoomState,
  ticket: UsedTicket | undefined,
): ErrorCode | null {
  if (ticket === undefined) return null;
  if (tickets.has(ticket)) return "session_invalid";
  tickets.add(ticket);
  return null;
}

/** Adds a session's new connection to the roster, or returns why not (SPEC A6, T1, P1). */
export function admit(
  room: RoomState,
  session: RoomSession,
  connection: string,
  now: number,
  how: NewPlace & { ticket?: UsedTicket | undefined } = {},
): ErrorCode | null {
  if (how.ticket && room.tickets.has(how.ticket)) return "session_invalid";
  const isWatched = room.connections.watching > 0;
  const place = isWatched ? { ...how, watching: watchingBeside(room, session.user.id) } : how;
  const verdict = room.roster.join(now, session, connection, place);
  if (verdict !== "joined") return verdict;
  try {
    return useTicket(room, how.ticket);
  } catch (error) {
    room.roster.end(now, { user: session.user.id, connection }, now);
    throw error;
  }
}

/** Admits a watcher, `null` for a stranger, or returns why not (SPEC S1, A6, T1). */
export function admitWatcher(
  room: RoomState,
  session: RoomSession | null,
  ticket?: UsedTicket,
): ErrorCode | null {
  // Nobody knows how many of them are one person: they must leave room for members.
  const { strangers } = room.connections;
  const isCrowd = strangers >= room.config.limits.maxConnectionsPerRoom / 2;
  if (session === null && isCrowd) return "room_full";
  // No user has an empty id, so no connection has one.
  const user = session?.user.id ?? "";
  return room.roster.refuses(user, watchingBeside(room, user)) ?? useTicket(room, ticket);
}

function watchingBeside(
  { connections }: RoomState,
  user: string,
): { byUser: number; inRoom: number } {
  return { byUser: connections.watchingOf(user), inRoom: connections.watching };
}

/** Undoes an admission after a fault: no client is behind the connection. */
export function retract(
  { roster, connections, broadcaster }: RoomState,
  ref: ConnectionRef,
  connection: Connection | null,
  now: number,
): void {
  roster.end(now, ref, now);
  if (connection === null) return;
  connections.delete(connection);
  broadcaster.forget(connection);
}

/** Sends an admitted connection its `welcome`, and queues it for its first state (SPEC W1, W2). */
export function welcome(
  room: RoomState,
  connection: Connection,
  session: RoomSession | null,
  since: Since | "later" | null,
  now: number,
): void {
  room.connections.add(connection, now);
  room.replies.send(connection, {
    type: "welcome",
    protocol: PROTOCOL,
    room: room.name,
    connection: connection.id,
    self: connection.isWatcher || session === null ? null : selfOf(room, session),
    heartbeat: room.timing.heartbeatSeconds,
    ...(session && { expiresAt: new Date(session.expiresAt).toISOString() }),
    ...(room.signals && !room.link && !connection.isWatcher && { signals: true }),
  } as Welcome | WatcherWelcome);
  if (since === "later") room.broadcaster.greetLater(connection, now);
  else room.broadcaster.greet(connection, since);
}

function selfOf({ roster }: RoomState, { user }: RoomSession): Welcome["self"] {
  return { id: user.id, chosen: roster.chosenBy(user.id) };
}
