import { isNewer, type RoomSession } from "../room-request.ts";
import { markOf, type SessionMark } from "../../user/revocation.ts";

/** The session that a lease is held by; of a lease that 0.1.0 made it is not known when it ends. */
export type LeaseSession = SessionMark & { expiresAt?: number };

/** A lease's end moves in steps of this part of its length, so that most renewals write nothing. */
const STEPS = 3;

/** When a lease that is renewed at `now` ends, in milliseconds (SPEC P1); a session's end ends it too. */
export function leaseEnd(now: number, staleMs: number, sessionEndsAt: number): number {
  const stepMs = staleMs / STEPS;
  return Math.min(sessionEndsAt, Math.floor((now + staleMs) / stepMs) * stepMs);
}

/** What a lease keeps of the session that it is made with. */
export function leaseSessionOf(
  session: SessionMark & Pick<RoomSession, "expiresAt">,
): LeaseSession {
  return { ...markOf(session), expiresAt: session.expiresAt };
}

/** Whether a session takes a lease over that it renews (SPEC P1, T3). */
export function takesOver(session: RoomSession, held: LeaseSession | undefined): boolean {
  if (held === undefined) return true;
  const { issuedAt, expiresAt = Number.NEGATIVE_INFINITY } = held;
  return isNewer(session, { issuedAt, expiresAt });
}
