import { ExpiringMap } from "../platform/expiring-map.ts";
import type { RoomSession } from "../session/room-session.ts";

const KNOWN_MS = 60_000;
const MAX_KNOWN = 500;

/** What users' objects answered about sessions in the last minute. */
const revoked = new ExpiringMap<true>(MAX_KNOWN);
const good = new ExpiringMap<true>(MAX_KNOWN);

const keyOf = ({ user, id, issuedAt, undated }: RoomSession) =>
  JSON.stringify([user.id, id, undated ? null : issuedAt]);

/** Remembers for a minute that a session was found to be revoked; the latest {@link MAX_KNOWN}. */
export function noteRevoked(session: RoomSession, now: number): void {
  const key = keyOf(session);
  good.delete(key);
  revoked.set(key, true, now + KNOWN_MS);
}

/** Remembers for a minute that a session was not revoked; the latest {@link MAX_KNOWN}. */
export function noteGood(session: RoomSession, now: number): void {
  good.set(keyOf(session), true, now + KNOWN_MS);
}

/**
 * Whether a session was lately found to be revoked, so that its user's object need not be asked. A
 * thief who tries again counts against the address, and does not use up the user's connects (SPEC A7).
 */
export function isKnownRevoked(session: RoomSession, now: number): boolean {
  return revoked.get(keyOf(session), now) ?? false;
}

/** Whether a session was lately found not to be revoked; it may be checked again from any address. */
export function isKnownGood(session: RoomSession, now: number): boolean {
  return good.get(keyOf(session), now) ?? false;
}
