import { log } from "../log.ts";
import type { Revocation, SessionMark } from "../user/revocation.ts";
import { end } from "./connections/leave.ts";
import { isPresent, memberOf } from "./members/member.ts";
import type { Ended, MemberView } from "./room-object.ts";
import type { Admission } from "../session/room-session.ts";
import type { RoomState } from "./room-state.ts";

/**
 * Ends all places of a user, with no grace period (SPEC B2); returns how many connections were
 * open.
 */
export function kick(room: RoomState, user: string, now: number): number {
  const closed = endConnections(room, user, "kicked", now, () => true);
  room.roster.endAll(now, user);
  return closed;
}

/** If the call arrives twice, it must not disconnect a user who has joined since. */
const isOlder = (session: SessionMark | null, at: number) => (session?.admission?.at ?? 0) < at;

/**
 * Ends the connections of a user whose sessions were revoked, with no grace period, and voids
 * earlier admissions (SPEC B3). `stamp` is the one by which the user's object lists the room.
 */
export function revoke(
  room: RoomState,
  user: string,
  { session: revoked, at }: Revocation,
  stamp: number,
  now: number,
): Ended {
  const closed = endConnections(
    room,
    user,
    "revoked",
    now,
    (session) => isOlder(session, at) && (revoked === null || session?.id === revoked),
  );
  const { isHere, lastOnline } = viewOf(room, user);
  room.barriers.raise(user, { at, stamp: isHere ? 0 : stamp }, now);
  return { closed, isHere, lastOnline };
}

/**
 * Closes a user's connections, and forgets the user as if they had never been here (SPEC B11), except
 * for what was admitted since. `at` and `stamp` are as in {@link revoke}.
 */
export function forget(
  room: RoomState,
  user: string,
  { at, stamp }: Admission,
  now: number,
): Ended {
  const { roster, barriers } = room;
  const known = roster.find(user);
  const closed = endConnections(room, user, "kicked", now, (session) => isOlder(session, at));
  roster.endAll(now, user, ({ lostAt }) => lostAt !== null);
  roster.forget(now, user);
  const { isHere, lastOnline } = viewOf(room, user);
  const barred = Math.max(stamp, known?.stamp ?? 0);
  // If the user is unknown here and on no list, no earlier admission can still arrive, so no
  // barrier is needed.
  if (known || stamp > 0) barriers.raise(user, { at, stamp: isHere ? 0 : barred }, now);
  return { closed, isHere, lastOnline };
}

/**
 * Ends the sockets and leases of a user whose session `isMeant`, with no grace period; returns how
 * many.
 */
function endConnections(
  room: RoomState,
  user: string,
  reason: "kicked" | "revoked",
  now: number,
  isMeant: (session: SessionMark | null) => boolean,
): number {
  const sockets = [...room.connections.of(user)].filter(({ session }) => isMeant(session));
  for (const socket of sockets) end(room, socket, reason, now);
  const places = room.roster.find(user)?.places ?? [];
  const leases = places.filter(
    ({ leasedUntil, lostAt, session = null }) =>
      leasedUntil !== undefined && lostAt === null && isMeant(session),
  );
  for (const { connection } of leases) {
    room.roster.end(now, { user, connection }, now);
    log("leave", { room: room.name, user, connection, reason });
  }
  return sockets.length + leases.length;
}

/**
 * How others see a user here, and whether the user has a connection (a user who appears offline or
 * only watches has one too). If not, admissions with this stamp or an older one become void: the
 * user's object may take the room off its list (SPEC B4).
 */
export function view(
  room: RoomState,
  user: string,
  stamp: number,
  now: number,
): MemberView & { isHere: boolean } {
  const seen = viewOf(room, user);
  const known = room.roster.find(user)?.stamp ?? 0;
  if (!seen.isHere && known < stamp) room.barriers.raise(user, { stamp }, now);
  return seen;
}

function viewOf(room: RoomState, user: string): MemberView & { isHere: boolean } {
  const member = room.roster.find(user);
  const isHere = room.isHere(user);
  if (!member) return { isHere, status: "offline", connections: 0, lastOnline: null };
  const { status, connections } = memberOf(member);
  const lastOnline = isPresent(member) ? null : member.lastOnline;
  return { isHere, status, connections, lastOnline };
}
