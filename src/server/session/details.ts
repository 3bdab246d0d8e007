import { errors } from "jose";
import { Refusal } from "../errors.ts";

/** What can be wrong with a claim. */
export type ClaimFault =
  | "missing"
  | "not a list"
  | "not a text"
  | "not a time"
  | "not an id"
  | "not an object"
  | "not a number"
  | "too long"
  | "too many";

/** Other details that the log has of a refused session (SPEC A2); none of them contains a value. */
export const DETAIL = {
  algorithm: "alg not allowed",
  authorizedParty: "azp",
  besideChunks: "a whole cookie beside chunks",
  cacheExpired: "the cookie cache has expired, and the app cannot be asked",
  cacheOfAnother: "the cookie cache is another session's",
  credentialTooLong: "credential too long",
  noTickets: "TICKET_SECRET is not set",
  notACache: "not a cookie cache",
  notAnObject: "not an object",
  notASeal: "not a seal of iron-session v8",
  notDecrypted: "not decrypted by SESSION_SECRET",
  notJson: "not JSON",
  notJwt: "not a JWT",
  noData: "the cookie with the session's data is missing",
  notEncrypted: "not a cookie that Laravel encrypted",
  noSuchKey: "kid unknown",
  notSigned: "not a signed cookie",
  notSignedIn: "not signed in",
  sessionTooLarge: "more than 12 KiB",
  signature: "signature",
  ticketExpired: "ticket expired",
  ticketRoom: "ticket for another room",
  purpose: "made for another cookie",
  serverKey: "server key",
  verify: "verify answered null",
} as const;

/** The algorithms that may be logged: anyone can write a header that names anything. */
const ALGORITHM = /^(?:[HREP]S(?:256|384|512)|EdDSA|Ed25519|none)$/;

/** Creates the refusal of a session; `detail` is for the log alone. */
export function invalidSession(detail: string): Refusal {
  return new Refusal("session_invalid", undefined, { detail });
}

/**
 * The detail for a status by which the app refused a session; a redirect may also mean a wrong URL.
 */
export function signedOutBy(status: number): string {
  return `${DETAIL.notSignedIn}: the app answered ${status}`;
}

/**
 * Creates the refusal of a session for one of its claims, by the source's name for it.
 *
 * @example
 * throw invalidClaim("rooms", "not a list"); // logged as: claim "rooms": not a list
 */
export function invalidClaim(claim: string, fault: ClaimFault): Refusal {
  return invalidSession(`claim "${claim}": ${fault}`);
}

/** Creates the refusal of a token for its algorithm. */
export function invalidAlgorithm(algorithm: unknown): Refusal {
  const isKnown = typeof algorithm === "string" && ALGORITHM.test(algorithm);
  return invalidSession(isKnown ? `alg ${algorithm} not allowed` : DETAIL.algorithm);
}

/**
 * Makes the refusal for an error of the check of a JWT. jose checks the signature before the
 * claims: a forged token that has expired is invalid.
 */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof errors.JWTExpired) {
    return new Refusal("session_expired", undefined, { detail: error.claim });
  }
  if (error instanceof errors.JWTClaimValidationFailed) return claimRefusal(error);
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return invalidSession(DETAIL.signature);
  }
  if (error instanceof errors.JWKSNoMatchingKey) return invalidSession(DETAIL.noSuchKey);
  return invalidSession(DETAIL.notJwt);
}

function claimRefusal({ claim, reason }: errors.JWTClaimValidationFailed): Refusal {
  if (reason === "missing") return invalidClaim(claim, "missing");
  return reason === "invalid" ? invalidClaim(claim, "not a number") : invalidSession(claim);
}
