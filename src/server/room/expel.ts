import { CLOSE } from "../../protocol/close-codes.ts";
import { log } from "../log.ts";
import type { Admission } from "../room-request.ts";
import type { Revocation, SessionMark } from "../user/revocation.ts";
import type { Connection } from "./connection.ts";
import type { Presence } from "./presence.ts";
import type { ConnectionRef } from "./changes.ts";

/** What came of it that a user's object had connections ended. */
export interface Ended {
  /** How many lived. */
  closed: number;
  /** Whether the user has a place still. */
  isHere: boolean;
  /** When others saw them last, in milliseconds since 1970; `null` where they know of no such time. */
  lastOnline: number | null;
}

/** Ends all that a user has in the room, with no grace (SPEC B2); answers how many connections lived. */
export function kick(presence: Presence, user: string, now: number): number {
  const ended = presence.roster.endAll(now, user);
  closeKicked(presence, user, ended);
  return ended.length;
}

function closeKicked(presence: Presence, user: string, ended: readonly ConnectionRef[]): void {
  const sockets = new Map([...presence.connections.of(user)].map((socket) => [socket.id, socket]));
  for (const ref of ended) {
    const socket = sockets.get(ref.connection);
    if (socket) presence.close(socket, "kicked", CLOSE.forbidden);
    else logLease(presence, ref, "kicked");
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
  presence: Presence,
  user: string,
  { session: revoked, at }: Revocation,
  stamp: number,
  now: number,
): Ended {
  const isMeant = (session: SessionMark | null) =>
    isOlder(session, at) && (revoked === null || session?.id === revoked);
  const sockets = [...presence.connections.of(user)].filter(({ session }) => isMeant(session));
  const leases = leasesOf(presence, user).filter(({ session }) => isMeant(session));
  for (const socket of sockets) closeRevoked(presence, socket, now);
  for (const { connection } of leases) {
    presence.roster.end(now, { user, connection }, now);
    logLease(presence, { user, connection }, "revoked");
  }
  const ended = { closed: sockets.length + leases.length, ...sightOf(presence, user) };
  presence.barriers.raise(user, { at, stamp: ended.isHere ? 0 : stamp }, now);
  return ended;
}

/**
 * Closes a user's connections, and forgets the user as if they had never been here (SPEC B11), but
 * for what was admitted since. `at` and `stamp` are as in {@link revoke}.
 */
export function forget(
  presence: Presence,
  user: string,
  { at, stamp }: Admission,
  now: number,
): Ended {
  const { roster, barriers } = presence;
  const known = roster.find(user);
  const newer = newerThan(presence, user, at);
  const places = (known?.places ?? []).filter(({ connection }) => !newer.has(connection));
  for (const { connection } of places) roster.end(now, { user, connection }, now);
  const refs = places
    .filter(({ lostAt }) => lostAt === null)
    .map(({ connection }) => ({ user, connection }));
  closeKicked(presence, user, refs);
  roster.forget(now, user);
  const ended = { closed: refs.length, ...sightOf(presence, user) };
  const barred = Math.max(stamp, known?.stamp ?? 0);
  // Of one who is not known nobody is on the way that the room let in before.
  if (known || stamp > 0) barriers.raise(user, { at, stamp: ended.isHere ? 0 : barred }, now);
  return ended;
}

function sightOf({ roster }: Presence, user: string): Pick<Ended, "isHere" | "lastOnline"> {
  const member = roster.find(user);
  const isHere = member !== undefined && member.places.length > 0;
  return { isHere, lastOnline: isHere ? null : (member?.lastOnline ?? null) };
}

/** The connections of a user that were admitted at a time or later. */
function newerThan(presence: Presence, user: string, at: number): Set<string> {
  const sockets = [...presence.connections.of(user)].map(({ id, session }) => ({
    connection: id,
    session,
  }));
  const newer = [...sockets, ...leasesOf(presence, user)].filter(
    ({ session }) => !isOlder(session, at),
  );
  return new Set(newer.map(({ connection }) => connection));
}

/** The leases of a user that live, and the sessions that they were made with. */
function leasesOf(
  { roster }: Presence,
  user: string,
): { connection: string; session: SessionMark | null }[] {
  const places = roster.find(user)?.places ?? [];
  return places.flatMap(({ connection, lostAt, leasedUntil, session = null }) =>
    leasedUntil !== undefined && lostAt === null ? [{ connection, session }] : [],
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
