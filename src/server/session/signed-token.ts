import { decodeProtectedHeader, errors, jwtVerify } from "jose";
import type { JWTPayload, JWTVerifyOptions } from "jose";
import { Refusal } from "../errors.ts";
import { DETAIL, invalidAlgorithm, invalidSession, refusalOf } from "./details.ts";
import type { CheckContext } from "./format.ts";
import { keySetAt } from "./key-set.ts";
import { unavailable } from "./unavailable.ts";

/**
 * How far the issuer's clock may be ahead, as those of phones and virtual machines are. jose
 * applies it to the expiry too, which `sealSession` checks again with the format's own tolerance.
 */
export const NOT_BEFORE_TOLERANCE_SECONDS = 60;
const PUBLIC_KEY_ALGORITHMS = ["RS256", "PS256", "ES256", "ES384", "EdDSA"];
/** The hash of each algorithm that uses a secret. */
const SECRET_ALGORITHMS: Readonly<Record<string, string>> = {
  HS256: "SHA-256",
  HS384: "SHA-384",
  HS512: "SHA-512",
};

/** What a signed token is checked against. */
export interface TokenRules {
  /** For HS256, HS384 and HS512. */
  secrets: readonly string[];
  /** Where the public keys are. */
  jwksUrl?: string | undefined;
  issuer?: string | undefined;
  audience?: string | undefined;
}

type Check = (options: JWTVerifyOptions) => Promise<{ payload: JWTPayload }>;

/** Tries keys until one fits: only a wrong signature leads to the next. */
async function tryKeys(checks: Iterable<Check> | AsyncIterable<Check>, options: JWTVerifyOptions) {
  for await (const check of checks) {
    try {
      return await check(options);
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
    }
  }
  throw invalidSession(DETAIL.signature);
}

/**
 * Makes the check of a JWT's signature, algorithm, times, issuer and audience, with any of the
 * secrets or with a key of the key set. The kind of key determines the algorithm (SPEC A2).
 *
 * @throws Refusal from the check: `session_invalid`, `session_expired`, `session_unavailable`.
 * @example
 * const check = createTokenCheck({ secrets: [], jwksUrl: "https://id.example.com/jwks" });
 * const claims = await check(token, { now: Date.now() });
 */
export function createTokenCheck(
  rules: TokenRules,
): (token: string, context: CheckContext) => Promise<JWTPayload> {
  const keys = rules.secrets.map(memoKey);
  const { jwksUrl } = rules;
  let known = { header: "", alg: "" };

  /** The algorithm that a token names; nearly all tokens of a deployment have the same header. */
  function algorithmOf(token: string): string {
    const header = token.split(".", 1)[0]!;
    if (header !== known.header) known = { header, alg: decodeProtectedHeader(token).alg ?? "" };
    return known.alg;
  }

  function verifyWithSecrets(token: string, algorithm: string, options: JWTVerifyOptions) {
    const checks = keys.map(
      (key) => async (options: JWTVerifyOptions) => jwtVerify(token, await key(algorithm), options),
    );
    return tryKeys(checks, { ...options, algorithms: [algorithm] });
  }

  async function verifyWithKeySet(
    token: string,
    url: string,
    options: JWTVerifyOptions,
    beforeAsking: CheckContext["beforeAsking"],
  ) {
    const pinned = { ...options, algorithms: PUBLIC_KEY_ALGORITHMS };
    try {
      return await jwtVerify(token, keySetAt(url).finder(beforeAsking), pinned);
    } catch (error) {
      if (error instanceof errors.JWKSMultipleMatchingKeys) {
        return tryKeys(checksOf(token, error), pinned);
      }
      // A key cannot be imported: that is not the fault of the caller's token.
      const isCallers = error instanceof errors.JOSEError || error instanceof Refusal;
      throw isCallers ? error : unavailable("the key server: a key with a wrong shape");
    }
  }

  return async (token, { now, beforeAsking }) => {
    const options: JWTVerifyOptions = {
      requiredClaims: ["exp"],
      clockTolerance: NOT_BEFORE_TOLERANCE_SECONDS,
      currentDate: new Date(now),
      ...(rules.issuer !== undefined && { issuer: rules.issuer }),
      ...(rules.audience !== undefined && { audience: rules.audience }),
    };
    try {
      const alg = algorithmOf(token);
      if (Object.hasOwn(SECRET_ALGORITHMS, alg) && keys.length > 0) {
        return (await verifyWithSecrets(token, alg, options)).payload;
      }
      if (!PUBLIC_KEY_ALGORITHMS.includes(alg) || jwksUrl === undefined) {
        throw invalidAlgorithm(alg);
      }
      return (await verifyWithKeySet(token, jwksUrl, options, beforeAsking)).payload;
    } catch (error) {
      throw refusalOf(error);
    }
  };
}

/**
 * Imports a secret once for each algorithm, at its first use: a module must not do I/O while it
 * loads.
 */
function memoKey(secret: string): (algorithm: string) => Promise<CryptoKey> {
  const keys = new Map<string, CryptoKey>();
  const bytes = new TextEncoder().encode(secret);
  return async (algorithm) => {
    let key = keys.get(algorithm);
    if (!key) {
      const kind = { name: "HMAC", hash: SECRET_ALGORITHMS[algorithm]! };
      // Keeps the key, not the promise: a request must not await another request's promise.
      key = await crypto.subtle.importKey("raw", bytes, kind, false, ["verify"]);
      keys.set(algorithm, key);
    }
    return key;
  };
}

/** The token names no key, and several fit: tries each of them. */
async function* checksOf(
  token: string,
  keys: errors.JWKSMultipleMatchingKeys,
): AsyncGenerator<Check> {
  for await (const key of keys) yield (options) => jwtVerify(token, key, options);
}
