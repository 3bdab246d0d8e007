import type { RoomSession } from "../room-request.ts";

/** What tells the order of a user's sessions; times are milliseconds since 1970. */
export type SessionOrder = Pick<RoomSession, "issuedAt" | "expiresAt">;

/**
 * Whether a session takes the place of another of the same user (SPEC T3): the one issued later, or,
 * where that says nothing, checked later; of equal ones the one that lasts longer.
 *
 * @example
 * isNewer({ issuedAt: 2, expiresAt: 5 }, { issuedAt: 1, expiresAt: 9 }); // true
 */
export function isNewer(session: SessionOrder, other: SessionOrder): boolean {
  if (session.issuedAt !== other.issuedAt) return session.issuedAt > other.issuedAt;
  return session.expiresAt > other.expiresAt;
}
