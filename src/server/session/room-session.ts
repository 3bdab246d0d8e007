import type { Session } from "./session.ts";

/**
 * The admission that a user's object gave a session. Both values increase with each admission, by
 * the object's clock.
 */
export interface Admission {
  /** When the room was put on the user's list: the same for as long as it stays there. */
  stamp: number;
  /** The time of the admission, in milliseconds since 1970. */
  at: number;
}

/**
 * A verified session as a room keeps it. Without a time of issue, `issuedAt` is the time of its
 * check.
 */
export type RoomSession = Session & {
  issuedAt: number;
  /** Whether it has no time of issue. */
  undated?: true;
  /** Present if sessions can be revoked (SPEC B3). */
  admission?: Admission;
  /** It came from a ticket, which admits to this room alone, renewed or not (SPEC T1). */
  onlyRoom?: string;
};

/** Turns a session into one for a room; `now` is in milliseconds. */
export function toRoomSession(session: Session, now: number): RoomSession {
  if (session.issuedAt !== undefined) return { ...session, issuedAt: session.issuedAt };
  return { ...session, issuedAt: now, undated: true };
}

/**
 * Whether a session replaces another of the same user (SPEC T3): the one issued later, or, if it does
 * not say, checked later; of equal ones the one that lasts longer.
 *
 * @example
 * isNewer({ issuedAt: 2, expiresAt: 5 }, { issuedAt: 1, expiresAt: 9 }); // true
 */
export function isNewer(
  session: Pick<RoomSession, "issuedAt" | "expiresAt">,
  other: Pick<RoomSession, "issuedAt" | "expiresAt">,
): boolean {
  if (session.issuedAt !== other.issuedAt) return session.issuedAt > other.issuedAt;
  return session.expiresAt > other.expiresAt;
}
