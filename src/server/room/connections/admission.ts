import { PROTOCOL } from "../../../protocol/messages.ts";
import type { Since } from "../../../protocol/since.ts";
import type { ErrorCode } from "../../errors.ts";
import type { RoomSession, UsedTicket } from "../room-request.ts";
import type { ConnectionRef } from "../members/changes.ts";
import type { Connection } from "./connection.ts";
import type { NewPlace } from "../members/member.ts";
import type { RoomState } from "../room-state.ts";

/** What decides whether a session may come in. */
type Door = Pick<RoomState, "config" | "roster" | "barriers" | "tickets">;

/** Whether a session was admitted too early, and must be admitted anew (SPEC B3, B4). */
export function isStale(
  { config, roster, barriers }: Pick<Door, "config" | "roster" | "barriers">,
  { user, admission }: RoomSession,
  now: number,
): boolean {
  if (config.users === null || !admission) return false;
  const member = roster.find(user.id);
  const isHere = member !== undefined && member.places.length > 0;
  return barriers.isStale(user.id, admission, { isHere, stamp: roster.stampOf(user.id), now });
}

/** Uses a ticket up, or tells that it was used before (SPEC T1). */
export function useTicket(
  { tickets }: Pick<Door, "tickets">,
  ticket: UsedTicket | undefined,
): ErrorCode | null {
  if (ticket === undefined) return null;
  if (tickets.has(ticket)) return "session_invalid";
  tickets.add(ticket);
  return null;
}

/** Takes a session's new connection into the roster, or tells why not (SPEC A6, T1, P1). */
export function admit(
  { roster, tickets }: Pick<Door, "roster" | "tickets">,
  session: RoomSession,
  connection: string,
  now: number,
  how: NewPlace & { ticket?: UsedTicket | undefined } = {},
): ErrorCode | null {
  if (how.ticket && tickets.has(how.ticket)) return "session_invalid";
  const verdict = roster.join(now, session, connection, how);
  if (verdict !== "joined") return verdict;
  try {
    return useTicket({ tickets }, how.ticket);
  } catch (error) {
    roster.end(now, { user: session.user.id, connection }, now);
    throw error;
  }
}

/** Takes back a connection that was admitted, and that nobody is behind after all. */
export function retract(
  { roster, connections, broadcaster }: Pick<RoomState, "roster" | "connections" | "broadcaster">,
  ref: ConnectionRef,
  connection: Connection | null,
  now: number,
): void {
  roster.end(now, ref, now);
  if (connection === null) return;
  connections.delete(connection);
  broadcaster.forget(connection);
}

/** Welcomes a connection that was admitted: its first frame, and its state to come (SPEC W1, W2). */
export function welcome(
  room: Pick<RoomState, "name" | "timing" | "roster" | "connections" | "broadcaster" | "replies">,
  connection: Connection,
  session: RoomSession,
  since: Since | null,
  now: number,
): void {
  room.connections.add(connection, now);
  room.replies.send(connection, {
    type: "welcome",
    protocol: PROTOCOL,
    room: room.name,
    connection: connection.id,
    self: { id: session.user.id, chosen: room.roster.chosenBy(session.user.id) },
    heartbeat: room.timing.heartbeatSeconds,
    expiresAt: new Date(session.expiresAt).toISOString(),
  });
  room.broadcaster.greet(connection, since);
}
