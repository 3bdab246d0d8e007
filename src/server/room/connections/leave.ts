import { CLOSE } from "../../../protocol/close-codes.ts";
import { SIGN_IN_SECONDS } from "../../../protocol/messages.ts";
import { log } from "../../log.ts";
import { closeSocket } from "../../platform/close-socket.ts";
import { Connection } from "./connection.ts";
import type { RoomState } from "../room-state.ts";

/** The close code and its name, by the reason for which the room ends a connection. */
const CLOSES = {
  left: [CLOSE.left, "left"],
  stale: [CLOSE.stale, "stale"],
  unread: [CLOSE.stale, "stale"],
  expired: [CLOSE.session, "session_expired"],
  revoked: [CLOSE.session, "session_revoked"],
  kicked: [CLOSE.forbidden, "kicked"],
  forbidden: [CLOSE.forbidden, "room_forbidden"],
  internal: [CLOSE.fault, "internal"],
  moved: [CLOSE.moved, "moved"],
  bad_message: [CLOSE.badMessage, "bad_message"],
  rate_limited: [CLOSE.rateLimited, "rate_limited"],
} as const;

/** Why a connection ended, for its log line (SPEC O3). */
type LeaveReason = keyof typeof CLOSES | "closed" | "replaced";

/**
 * Ends a connection from the room's side. Its place ends with it, with no grace, unless the session
 * has expired or the fault is ours (SPEC L4). `endedAt` is its last sign of life.
 */
export function end(
  room: RoomState,
  connection: Connection,
  reason: keyof typeof CLOSES,
  now: number,
  endedAt = now,
): void {
  if (reason === "expired" || reason === "internal") room.roster.lose(now, connection.ref);
  else room.roster.end(now, connection.ref, endedAt);
  const [code, name] = CLOSES[reason];
  close(room, connection, reason, code, name);
}

/** Closes a connection from the room's side; the caller ends or keeps its place. */
export function close(
  room: RoomState,
  connection: Connection,
  reason: LeaveReason,
  code: number,
  name: string,
): void {
  connection.release();
  room.replies.after(() => closeSocket(connection.ws, code, name));
  drop(room, connection, reason);
}

/** Removes a connection whose socket is closed or closing. */
export function drop(room: RoomState, connection: Connection, reason: LeaveReason): void {
  room.connections.delete(connection);
  room.broadcaster.forget(connection);
  noteParted(room, connection);
  logLeave(room, connection, reason);
}

/** Notes that a user may have stopped watching; the roster reports a member's departure. */
export function noteParted(
  { partedWatchers }: RoomState,
  { isWatcher, session }: Connection,
): void {
  if (!isWatcher || session === null) return;
  const { user, admission } = session;
  partedWatchers.set(user.id, Math.max(admission?.stamp ?? 0, partedWatchers.get(user.id) ?? 0));
}

/** Proxies close with 1000 too, so only the reason says that the person left (SPEC L4). */
export function isGoodbye(code: number, reason: string): boolean {
  return code === CLOSE.left && reason === "left";
}

/**
 * Removes a connection that its peer closed; without a goodbye its place is kept for the grace
 * period (SPEC L4).
 */
export function lose(room: RoomState, ws: WebSocket, reason: "left" | "closed", now: number): void {
  // On some runtimes the closing socket that woke the room is no longer among its sockets.
  const connection = room.connections.get(ws) ?? Connection.wake(ws);
  if (!connection) return;
  if (reason === "left") room.roster.end(now, connection.ref, now);
  else room.roster.lose(now, connection.ref);
  drop(room, connection, reason);
}

/** Signs a connection out: its socket waits for another sign-in, for a while (SPEC T6). */
export function signOut(
  room: RoomState,
  connection: Connection,
  reason: LeaveReason,
  now: number,
): void {
  logLeave(room, connection, reason);
  noteParted(room, connection);
  room.connections.reassign(connection, () => connection.signOut(now + SIGN_IN_SECONDS * 1000));
  room.broadcaster.forget(connection);
  room.replies.send(connection, { type: "authenticate", within: SIGN_IN_SECONDS });
}

/** Runs `act` for one connection; a fault in it ends that connection alone (SPEC L6). */
export function attempt(
  room: RoomState,
  connection: Connection,
  now: number,
  act: () => void,
): void {
  try {
    act();
  } catch (error) {
    fail(room, connection, error, now);
  }
}

/** Ends a connection after an internal fault; its place is kept for the grace period (SPEC L4). */
export function fail(room: RoomState, connection: Connection, error: unknown, now: number): void {
  room.logFault(error);
  if (room.connections.get(connection.ws) !== connection) return;
  end(room, connection, "internal", now);
}

/** Logs that a connection has left its user. */
export function logLeave(
  room: RoomState,
  { user, id, isWatcher, isAdmitted }: Connection,
  reason: LeaveReason,
): void {
  if (reason === "stale") room.ghosts++;
  if (!isAdmitted) return;
  log("leave", { room: room.name, user, connection: id, reason, ...(isWatcher && NOT_PRESENT) });
}

/** The log fields of a connection that only watches. */
export const NOT_PRESENT = { present: false } as const;
