import { CLOSE } from "../../protocol/close-codes.ts";
import { log } from "../log.ts";
import { isRevoked, type Revocation, type SessionMark } from "../user/revocation.ts";
import type { Connection } from "./connection.ts";
import type { Presence } from "./presence.ts";
import type { ConnectionRef } from "./changes.ts";

/** Ends all that a user has in the room, with no grace (SPEC B2); answers how many connections lived. */
export function kick(presence: Presence, user: string, now: number): number {
  const ended = presence.roster.endAll(now, user);
  const sockets = new Map([...presence.connections.of(user)].map((socket) => [socket.id, socket]));
  for (const ref of ended) {
    const socket = sockets.get(ref.connection);
    if (socket) presence.close(socket, "kicked", CLOSE.forbidden);
    else logLease(presence, ref, "kicked");
  }
  return ended.length;
}

/**
 * Ends the connections of a user whose sessions were revoked, with no grace, and has whoever was
 * admitted before come again (SPEC B3); answers how many connections that were.
 */
export function revoke(
  presence: Presence,
  user: string,
  revocation: Revocation,
  now: number,
): number {
  presence.barriers.raise(user, { at: revocation.at }, now);
  // Told twice, the room must not end who has come in since.
  const isMeant = (session: SessionMark) =>
    (session.admission?.at ?? 0) < revocation.at && isRevoked(session, revocation);
  const sockets = [...presence.connections.of(user)].filter(({ session }) => isMeant(session!));
  const leases = leasesOf(presence, user).filter(({ session }) => isMeant(session));
  for (const socket of sockets) closeRevoked(presence, socket, now);
  for (const { connection } of leases) {
    presence.roster.end(now, { user, connection }, now);
    logLease(presence, { user, connection }, "revoked");
  }
  return sockets.length + leases.length;
}

/** The leases of a user that live, and the sessions that they were made with. */
function leasesOf(
  { roster }: Presence,
  user: string,
): { connection: string; session: SessionMark }[] {
  const places = roster.find(user)?.places ?? [];
  return places.flatMap(({ connection, lostAt, session }) =>
    session && lostAt === null ? [{ connection, session }] : [],
  );
}

/** Ends a connection whose session was revoked, with no grace. */
export function closeRevoked(presence: Presence, connection: Connection, now: number): void {
  presence.roster.end(now, connection.ref, now);
  presence.close(connection, "revoked", CLOSE.session, "session_revoked");
}

function logLease(
  { name: room }: Presence,
  ref: ConnectionRef,
  reason: "kicked" | "revoked",
): void {
  log("leave", { room, ...ref, reason });
}
