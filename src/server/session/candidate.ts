import { DETAIL, invalidSession } from "./details.ts";

/** What a source calls the parts of a session that can be wrong; for the log. */
interface ClaimNames {
  user: string;
  roles: string;
  rooms: string;
  id: string;
  issuedAt: string;
  expiresAt: string;
}

/** Where a session comes from, as far as it decides how its parts are read. */
export interface Source {
  claims: ClaimNames;
  /** For how long after its expiry it is still good. */
  toleranceMs: number;
  /** Whether a picture may be a path of the service's own host: not where users write it themselves. */
  allowsPaths: boolean;
}

/**
 * A session as its source tells it: unchecked, of any size, with anything in any place. Times are
 * in milliseconds since 1970. Only `sealSession` makes a session of it.
 */
export interface Candidate {
  user: { id?: unknown; name?: unknown; image?: unknown };
  roles?: unknown;
  rooms?: unknown;
  id?: unknown;
  issuedAt?: unknown;
  /** Absent or `null`: it lasts `SESSION_SECONDS` from now on. */
  expiresAt?: unknown;
  /** Of a session of our own: it did not say when it was issued. */
  undated?: unknown;
  /** Of a session of our own: the one room that it admits to. */
  onlyRoom?: unknown;
  /** JSON, where absent. */
  source?: Source;
}

export const JSON_SOURCE: Source = {
  claims: {
    user: "user.id",
    roles: "roles",
    rooms: "rooms",
    id: "id",
    issuedAt: "issuedAt",
    expiresAt: "expiresAt",
  },
  toleranceMs: 0,
  allowsPaths: true,
};

export const JWT_SOURCE: Source = {
  claims: {
    user: "sub",
    roles: "roles",
    rooms: "rooms",
    id: "sid",
    issuedAt: "iat",
    expiresAt: "exp",
  },
  toleranceMs: 5_000,
  allowsPaths: true,
};

/** Below this a number of JSON counts seconds: as milliseconds it would be a time before 1973. */
const MOST_SECONDS = 1e11;
/** A date at least, so that a number in a text is no year. */
const ISO_8601 = /^\d{4}-\d\d-\d\d/;

/** An object as it is, with nothing known of its keys; anything else as an empty one. */
export function recordOf(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {};
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A time of a JWT, which counts seconds; of another type it is left as it is. */
function fromSeconds(time: unknown): unknown {
  return typeof time === "number" ? time * 1000 : time;
}

/** A time of JSON: seconds, milliseconds or ISO 8601; of another type it is left as it is. */
function fromJsonTime(time: unknown): unknown {
  if (typeof time === "number") return Math.abs(time) < MOST_SECONDS ? time * 1000 : time;
  if (typeof time === "string") return ISO_8601.test(time) ? Date.parse(time) : Number.NaN;
  return time;
}

/**
 * Takes verified claims of a JWT for a session.
 *
 * @example
 * candidateFromClaims({ sub: "ada", name: "Ada", exp: 1_900_000_000 });
 */
export function candidateFromClaims(
  claims: Readonly<Record<string, unknown>>,
  source = JWT_SOURCE,
): Candidate {
  return {
    user: { id: claims["sub"], name: claims["name"], image: claims["picture"] },
    roles: claims["roles"],
    rooms: claims["rooms"],
    id: claims["sid"] ?? claims["jti"],
    issuedAt: fromSeconds(claims["iat"]),
    expiresAt: fromSeconds(claims["exp"]),
    source,
  };
}

/**
 * Takes what the app itself wrote for a session: `{ user: { id, name?, image? }, roles?, rooms?,
 * id?, issuedAt?, expiresAt? }`.
 *
 * @throws Refusal `session_invalid` where it is no object.
 */
export function candidateFromJson(json: unknown): Candidate {
  if (!isRecord(json)) throw invalidSession(DETAIL.notAnObject);
  const { user, roles, rooms, id, issuedAt, expiresAt } = json;
  return {
    user: recordOf(user),
    roles,
    rooms,
    id,
    issuedAt: fromJsonTime(issuedAt),
    expiresAt: fromJsonTime(expiresAt),
  };
}

/** Takes a session of our own for one: an earlier version may have signed what no longer passes. */
export function candidateFromOwn(session: unknown): Candidate {
  const own = recordOf(session);
  return { ...own, user: recordOf(own["user"]), source: JSON_SOURCE };
}
