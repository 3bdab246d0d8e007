import {
  isRecord,
  lookUp,
  recordOf,
  renameClaims,
  type ClaimNames,
  type OwnClaims,
} from "./claims.ts";
import { DETAIL, invalidSession } from "./details.ts";

/** The source of a session: it decides how the parts are read. */
export interface Source {
  claims: ClaimNames;
  /** For how long after its expiry it is still accepted. */
  toleranceMs: number;
  /** Whether a picture may be a path of the page's own host: not if users can write it themselves. */
  allowsPaths: boolean;
}

/**
 * A session as it comes from its source: unchecked, of any size, with anything in any place. Times
 * are in milliseconds since 1970. Only `sealSession` turns it into a session.
 */
export interface Candidate {
  user: { id?: unknown; name?: unknown; image?: unknown };
  roles?: unknown;
  rooms?: unknown;
  id?: unknown;
  issuedAt?: unknown;
  /** Absent or `null`: it lasts for `SESSION_SECONDS` from now. */
  expiresAt?: unknown;
  /** For a session that this service signed: whether it had no time of issue. */
  undated?: unknown;
  /** For a session that this service signed: the one room it gives access to. */
  onlyRoom?: unknown;
  /** JSON if absent. */
  source?: Source;
}

export const JSON_SOURCE: Source = {
  claims: {
    user: "user.id",
    name: "user.name",
    picture: "user.image",
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
    name: "name",
    picture: "picture",
    roles: "roles",
    rooms: "rooms",
    id: "sid",
    issuedAt: "iat",
    expiresAt: "exp",
  },
  toleranceMs: 5_000,
  allowsPaths: true,
};

/** Claims that users can write themselves: those of Supabase and Auth0, and of Clerk. */
const WRITTEN_BY_USERS = /user_?metadata|unsafe_?metadata/i;

/** A source whose claims are named by the deployment (`SESSION_CLAIMS`). */
export function withClaims(source: Source, own: OwnClaims): Source {
  const claims = renameClaims(source.claims, own);
  return {
    ...source,
    claims,
    allowsPaths: source.allowsPaths && !WRITTEN_BY_USERS.test(claims.picture),
  };
}

/** A smaller number in JSON is in seconds: as milliseconds it would be a time before 1973. */
const MOST_SECONDS = 1e11;
/** At least a date, so that a number in a text is not taken for a year. */
const ISO_8601 = /^\d{4}-\d\d-\d\d/;

/** A time of a JWT, in seconds; a value of another type is left as it is. */
function fromSeconds(time: unknown): unknown {
  return typeof time === "number" ? time * 1000 : time;
}

/** A time in JSON: seconds, milliseconds or ISO 8601; a value of another type is left as it is. */
export function fromJsonTime(time: unknown): unknown {
  if (typeof time === "number") return Math.abs(time) < MOST_SECONDS ? time * 1000 : time;
  if (typeof time === "string") return ISO_8601.test(time) ? Date.parse(time) : Number.NaN;
  return time;
}

/** The parts of a session, each looked up by the source's name for it. */
function readClaims(data: unknown, source: Source): Candidate {
  const { claims } = source;
  return {
    user: {
      id: lookUp(data, claims.user),
      name: lookUp(data, claims.name),
      image: lookUp(data, claims.picture),
    },
    roles: lookUp(data, claims.roles),
    rooms: lookUp(data, claims.rooms),
    id: lookUp(data, claims.id),
    issuedAt: lookUp(data, claims.issuedAt),
    expiresAt: lookUp(data, claims.expiresAt),
    source,
  };
}

/**
 * Turns the verified claims of a JWT into a candidate.
 *
 * @example
 * candidateFromClaims({ sub: "ada", name: "Ada", exp: 1_900_000_000 });
 */
export function candidateFromClaims(
  claims: Readonly<Record<string, unknown>>,
  source = JWT_SOURCE,
): Candidate {
  const read = readClaims(claims, source);
  return {
    ...read,
    id: read.id ?? (source.claims.id === "sid" ? claims["jti"] : undefined),
    issuedAt: fromSeconds(read.issuedAt),
    expiresAt: fromSeconds(read.expiresAt),
  };
}

/**
 * Turns data that the app itself wrote into a candidate: `{ user: { id, name?, image? }, roles?,
 * rooms?, id?, issuedAt?, expiresAt? }`, or `{ session: { id, createdAt, expiresAt }, user }` as
 * Better Auth writes it.
 *
 * @throws Refusal `session_invalid` if it is no object.
 */
export function candidateFromJson(json: unknown, source = JSON_SOURCE): Candidate {
  if (!isRecord(json)) throw invalidSession(DETAIL.notAnObject);
  const read = readClaims(json, source);
  const session = recordOf(json["session"]);
  return {
    ...read,
    id: read.id ?? session["id"],
    issuedAt: fromJsonTime(read.issuedAt ?? session["createdAt"]),
    expiresAt: fromJsonTime(read.expiresAt ?? session["expiresAt"]),
  };
}

/** Turns a session that this service signed, perhaps in an earlier version, into a candidate. */
export function candidateFromOwn(session: unknown): Candidate {
  const own = recordOf(session);
  return { ...own, user: recordOf(own["user"]), source: JSON_SOURCE };
}
