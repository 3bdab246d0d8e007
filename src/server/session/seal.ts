import { fitsBytes } from "../../protocol/client-frame.ts";
import { toRoomSession, type RoomSession } from "./room-session.ts";
import { JSON_SOURCE, type Candidate } from "./candidate.ts";
import { DETAIL, invalidSession } from "./details.ts";
import {
  readExpiry,
  readImage,
  readIssuedAt,
  readName,
  readSessionId,
  readTexts,
  readUserId,
} from "./read-claims.ts";

/** As JSON in UTF-8: a socket can carry 16 KiB through hibernation. */
const MAX_SESSION_BYTES = 12 * 1024;

/** The context in which a candidate is judged. */
export interface SealOptions {
  /** Milliseconds since 1970. */
  now: number;
  /** How long a session without an expiry lasts. */
  sessionMs: number;
}

/**
 * Turns a candidate into a session, or refuses it. Every session, whatever its source, passes this
 * function (SPEC A2), and is trusted afterwards: its ids are well-formed, its times are whole
 * milliseconds that `Date` takes, and it has at most 12 KiB as JSON.
 *
 * @throws Refusal `session_invalid`, `session_expired`, with what was wrong for the log.
 * @example
 * sealSession({ user: { id: 7 } }, { now: Date.now(), sessionMs: 3_600_000 }).user.id; // "7"
 */
export function sealSession(candidate: Candidate, { now, sessionMs }: SealOptions): RoomSession {
  const { user, source = JSON_SOURCE, onlyRoom } = candidate;
  const { claims, toleranceMs, allowsPaths } = source;
  const name = readName(user.name);
  const image = readImage(user.image, allowsPaths);
  const id = readSessionId(candidate.id, claims.id);
  const issuedAt = readIssuedAt(candidate.issuedAt, claims.issuedAt, now);
  const session = toRoomSession(
    {
      user: {
        id: readUserId(user.id, claims.user),
        ...(name && { name }),
        ...(image && { image }),
      },
      roles: readRoles(candidate.roles, claims.roles),
      // An absent list gives access to every room, so nothing else may count as absent.
      ...(candidate.rooms !== undefined && { rooms: readTexts(candidate.rooms, claims.rooms) }),
      ...(id && { id }),
      ...(issuedAt !== undefined && { issuedAt }),
      expiresAt: readExpiry(
        candidate.expiresAt ?? now + sessionMs,
        claims.expiresAt,
        now,
        toleranceMs,
      ),
    },
    now,
  );
  if (candidate.undated === true) session.undated = true;
  if (typeof onlyRoom === "string") session.onlyRoom = onlyRoom;
  if (!fitsBytes(JSON.stringify(session), MAX_SESSION_BYTES)) {
    throw invalidSession(DETAIL.sessionTooLarge);
  }
  return session;
}

/** A single role may be written without a list. */
function readRoles(value: unknown, claim: string): string[] {
  if (value === undefined || value === null || value === "") return [];
  return readTexts(typeof value === "string" ? [value] : value, claim);
}
