import { CLOSE } from "../../protocol/close-codes.ts";
import { log } from "../log.ts";
import type { Admission } from "./room-request.ts";
import type { Revocation, SessionMark } from "../user/revocation.ts";
import type { Connection } from "./connections/connection.ts";
import { close, type Exit } from "./connections/departure.ts";
import type { Ended } from "./room-object.ts";
import type { RoomState } from "./room-state.ts";
import type { ConnectionRef } from "./members/changes.ts";

/** What users are expelled from. */
type Room = Exit & Pick<RoomState, "barriers">;

/** Ends all that a user has in the room, with no grace (SPEC B2); answers how many connections lived. */
export function kick(room: Exit, user: string, now: number): number {
  const ended = room.roster.endAll(now, user);
  closeKicked(room, user, ended);
  return ended.length;
}

function closeKicked(room: Exit, user: string, ended: readonly ConnectionRef[]): void {
  const sockets = new Map([...room.connections.of(user)].map((socket) => [socket.id, socket]));
  for (const ref of ended) {
    const socket = sockets.get(ref.connection);
    if (socket) close(room, socket, "kicked", CLOSE.forbidden);
    else logLease(room, ref, "kicked");
  }
}

/** Told twice, the room must not end who has come in since. */
const isOlder = (session: SessionMark | null | undefined, at: number) =>
  (session?.admission?.at ?? 0) < at;

/**
 * Ends the connections of a user whose sessions were revoked, with no grace, and has whoever was
 * admitted before come again (SPEC B3). `stamp` is what the user's object lists the room by.
 */
export function revoke(
  room: Room,
  user: string,
  { session: revoked, at }: Revocation,
  stamp: number,
  now: number,
): Ended {
  const isMeant = (session: SessionMark | null) =>
    isOlder(session, at) && (revoked === null || session?.id === revoked);
  const sockets = [...room.connections.of(user)].filter(({ session }) => isMeant(session));
  const leases = leasesOf(room, user).filter(({ session }) => isMeant(session));
  for (const socket of sockets) closeRevoked(room, socket, now);
  for (const { connection } of leases) {
    room.roster.end(now, { user, connection }, now);
    logLease(room, { user, connection }, "revoked");
  }
  const ended = { closed: sockets.length + leases.length, ...sightOf(room, user) };
  room.barriers.raise(user, { at, stamp: ended.isHere ? 0 : stamp }, now);
  return ended;
}

/**
 * Closes a user's connections, and forgets the user as if they had never been here (SPEC B11), but
 * for what was admitted since. `at` and `stamp` are as in {@link revoke}.
 */
export function forget(room: Room, user: string, { at, stamp }: Admission, now: number): Ended {
  const { roster, barriers } = room;
  const known = roster.find(user);
  const newer = newerThan(room, user, at);
  const places = (known?.places ?? []).filter(({ connection }) => !newer.has(connection));
  for (const { connection } of places) roster.end(now, { user, connection }, now);
  const refs = places
    .filter(({ lostAt }) => lostAt === null)
    .map(({ connection }) => ({ user, connection }));
  closeKicked(room, user, refs);
  roster.forget(now, user);
  const ended = { closed: refs.length, ...sightOf(room, user) };
  const barred = Math.max(stamp, known?.stamp ?? 0);
  // Of one who is not known nobody is on the way that the room let in before.
  if (known || stamp > 0) barriers.raise(user, { at, stamp: ended.isHere ? 0 : barred }, now);
  return ended;
}

function sightOf(
  { roster }: Pick<Exit, "roster">,
  user: string,
): Pick<Ended, "isHere" | "lastOnline"> {
  const member = roster.find(user);
  const isHere = member !== undefined && member.places.length > 0;
  return { isHere, lastOnline: isHere ? null : (member?.lastOnline ?? null) };
}

/** The connections of a user that were admitted at a time or later. */
function newerThan(room: Exit, user: string, at: number): Set<string> {
  const sockets = [...room.connections.of(user)].map(({ id, session }) => ({
    connection: id,
    session,
  }));
  const newer = [...sockets, ...leasesOf(room, user)].filter(
    ({ session }) => !isOlder(session, at),
  );
  return new Set(newer.map(({ connection }) => connection));
}

/** The leases of a user that live, and the sessions that they were made with. */
function leasesOf(
  { roster }: Pick<Exit, "roster">,
  user: string,
): { connection: string; session: SessionMark | null }[] {
  const places = roster.find(user)?.places ?? [];
  return places.flatMap(({ connection, lostAt, leasedUntil, session = null }) =>
    leasedUntil !== undefined && lostAt === null ? [{ connection, session }] : [],
  );
}

/** Ends a connection whose session was revoked, with no grace. */
export function closeRevoked(room: Exit, connection: Connection, now: number): void {
  room.roster.end(now, connection.ref, now);
  close(room, connection, "revoked", CLOSE.session, "session_revoked");
}

function logLease(
  { name: room }: Pick<Exit, "name">,
  ref: ConnectionRef,
  reason: "kicked" | "revoked",
): void {
  log("leave", { room, ...ref, reason });
}
