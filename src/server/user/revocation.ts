import type { RoomSession } from "../session/room-session.ts";

/** The part of a session that decides whether it was revoked. */
export type SessionMark = Pick<RoomSession, "id" | "issuedAt" | "undated" | "admission">;

/** A revocation of one session, or of all that were issued until then (SPEC B3). */
export interface Revocation {
  /** `null` for all of them. */
  session: string | null;
  /** Milliseconds since 1970, by the clock of the user's object. */
  at: number;
}

/** What {@link SessionMark} keeps of a session. */
export function markOf({ id, issuedAt, undated, admission }: SessionMark): SessionMark {
  return {
    ...(id !== undefined && { id }),
    issuedAt,
    ...(undated && { undated }),
    ...(admission && { admission }),
  };
}

/**
 * Whether a session was revoked. "All until then" includes a session that does not say when it was
 * issued, and one that was admitted before, whatever it says: clocks differ.
 *
 * @example
 * isRevoked({ issuedAt: 5 }, { session: null, at: 5 }); // true
 */
export function isRevoked(mark: SessionMark, { session, at }: Revocation): boolean {
  if (session !== null) return mark.id === session;
  return mark.undated === true || mark.issuedAt <= at || (mark.admission?.at ?? at) < at;
}
