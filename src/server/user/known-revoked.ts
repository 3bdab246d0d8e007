import type { RoomSession } from "../room-request.ts";

const KNOWN_MS = 60_000;
const MAX_KNOWN = 500;

const known = new Map<string, number>();

const keyOf = ({ user, id, issuedAt, undated }: RoomSession) =>
  JSON.stringify([user.id, id, undated ? null : issuedAt]);

/** Remembers for a minute that a session was found to be revoked; the latest {@link MAX_KNOWN}. */
export function noteRevoked(session: RoomSession, now: number): void {
  known.delete(keyOf(session));
  known.set(keyOf(session), now + KNOWN_MS);
  if (known.size > MAX_KNOWN) known.delete(known.keys().next().value!);
}

/**
 * Whether a session was lately found to be revoked, which needs no asking. Whoever stole it and
 * tries again counts as an address, and does not use up what its user may connect (SPEC A7).
 */
export function isKnownRevoked(session: RoomSession, now: number): boolean {
  return (known.get(keyOf(session)) ?? 0) > now;
}
