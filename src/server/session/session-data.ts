import { candidateFromJson, JSON_SOURCE, withClaims, type Candidate } from "./candidate.ts";
import { findClaim, isRecord, type OwnClaims } from "./claims.ts";
import { DETAIL, invalidSession } from "./details.ts";

/** Names; the first one that is present counts. */
type Names = readonly [string, ...string[]];

/**
 * Where apps keep the user's id in a session, Passport included. Not `id` alone, which is the
 * session's as often as the user's.
 */
const USER_IDS: Names = ["user.id", "userId", "user_id", "user", "passport.user"];
const NAMES: Names = ["user.name", "userName", "name"];
const PICTURES: Names = ["user.image", "user.picture", "user.avatar_url", "image", "picture"];

/** Parses the JSON of a verified session; `undefined` if it is malformed. */
export function parseJson(bytes: Uint8Array | null): unknown {
  if (bytes === null) return undefined;
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/**
 * Turns the data in a framework's session into a candidate: the user is where apps usually keep
 * them, or where `SESSION_CLAIMS` says.
 *
 * @throws Refusal `session_invalid` if it is no object, or holds no user.
 * @example
 * candidateFromSessionData({ userId: 7 }, {}); // { user: { id: 7 }, … }
 */
export function candidateFromSessionData(
  data: unknown,
  own: OwnClaims,
  ids: Names = USER_IDS,
): Candidate {
  if (!isRecord(data)) throw invalidSession(DETAIL.notJson);
  const { id, name, picture, session } = own;
  const user = findScalar(data, id === undefined ? ids : [id]);
  if (user === undefined && id === undefined) throw invalidSession(DETAIL.notSignedIn);
  const source = withClaims(JSON_SOURCE, { ...own, id: id ?? ids[0] });
  return {
    ...candidateFromJson(data, source),
    user: {
      id: user,
      name: findClaim(data, name === undefined ? NAMES : [name]).value,
      image: findClaim(data, picture === undefined ? PICTURES : [picture]).value,
    },
    id: session === undefined ? undefined : findClaim(data, [session]).value,
    // An app may keep anything under such a name.
    issuedAt: undefined,
    expiresAt: undefined,
  };
}

function findScalar(data: unknown, names: Names): unknown {
  return names
    .map((name) => findClaim(data, [name]).value)
    .find((value) => typeof value === "string" || typeof value === "number");
}
