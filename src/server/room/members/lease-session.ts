import { isNewer, type RoomSession } from "../../session/room-session.ts";
import { markOf, type SessionMark } from "../../user/revocation.ts";

/** The session behind a lease; a lease made by 0.1.0 does not know when the session ends. */
export type LeaseSession = SessionMark & { expiresAt?: number };

/** The end of a lease moves in steps of this part of its length, so that most renewals write nothing. */
const STEPS = 3;

/** When a lease that is renewed at `now` ends, in milliseconds (SPEC P1): no later than its session. */
export function leaseEnd(now: number, staleMs: number, sessionEndsAt: number): number {
  const stepMs = staleMs / STEPS;
  return Math.min(sessionEndsAt, Math.floor((now + staleMs) / stepMs) * stepMs);
}

/** What a renewal makes of a lease. */
export interface LeaseRenewal {
  /** Whether the session that renews it replaces the one behind it. */
  isTaken: boolean;
  /** The session behind it from now on. */
  session: LeaseSession;
  leasedUntil: number;
}

/** Renews a lease at `now`: a newer session replaces the one behind it (SPEC P1, T3). */
export function renewedLease(
  now: number,
  staleMs: number,
  session: RoomSession,
  held: LeaseSession | undefined,
): LeaseRenewal {
  const isTaken = takesOver(session, held);
  const inForce = isTaken || held === undefined ? leaseSessionOf(session) : held;
  const leasedUntil = leaseEnd(now, staleMs, inForce.expiresAt ?? session.expiresAt);
  return { isTaken, session: inForce, leasedUntil };
}

/** The part of a session that a lease keeps. */
export function leaseSessionOf(
  session: SessionMark & Pick<RoomSession, "expiresAt">,
): LeaseSession {
  return { ...markOf(session), expiresAt: session.expiresAt };
}

function takesOver(session: RoomSession, held: LeaseSession | undefined): boolean {
  if (held === undefined) return true;
  const { issuedAt, expiresAt = Number.NEGATIVE_INFINITY } = held;
  return isNewer(session, { issuedAt, expiresAt });
}
