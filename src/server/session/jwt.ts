import { createRemoteJWKSet, decodeProtectedHeader, errors, jwtVerify } from "jose";
import type { JWTVerifyGetKey, JWTVerifyOptions } from "jose";
import type { SessionConfig } from "../config.ts";
import { Refusal } from "../errors.ts";
import { sessionFromClaims, type Verify } from "./session.ts";

const CLOCK_TOLERANCE_SECONDS = 5;
const PUBLIC_KEY_ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"];

/** In module scope, so that keys stay cached from one request to the next. */
const keySets = new Map<string, JWTVerifyGetKey>();

function keySetAt(url: string): JWTVerifyGetKey {
  let keySet = keySets.get(url);
  if (!keySet) keySets.set(url, (keySet = createRemoteJWKSet(new URL(url))));
  return keySet;
}

/**
 * Makes the verifier for `SESSION_FORMAT=jwt`: HS256 with any of the secrets, or a public-key
 * algorithm with a key of the key set. The kind of key pins the algorithm (SPEC A2).
 *
 * @throws Refusal from the verifier: `session_invalid`, `session_expired`, `session_unavailable`.
 * @example
 * const verify = createJwtVerifier(config.session);
 * const session = await verify(token);
 */
export function createJwtVerifier(config: SessionConfig): Verify {
  const options: JWTVerifyOptions = {
    requiredClaims: ["exp", "sub"],
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
    ...(config.issuer !== undefined && { issuer: config.issuer }),
    ...(config.audience !== undefined && { audience: config.audience }),
  };
  const secrets = config.secrets.map((secret) => new TextEncoder().encode(secret));
  const { jwksUrl } = config;

  async function verifyWithSecrets(token: string) {
    for (const secret of secrets) {
      try {
        return await jwtVerify(token, secret, { ...options, algorithms: ["HS256"] });
      } catch (error) {
        if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
      }
    }
    throw new Refusal("session_invalid");
  }

  async function verifyWithKeySet(token: string) {
    if (jwksUrl === undefined) throw new Refusal("session_invalid");
    try {
      return await jwtVerify(token, keySetAt(jwksUrl), {
        ...options,
        algorithms: PUBLIC_KEY_ALGORITHMS,
      });
    } catch (error) {
      throw isKeySetOutage(error) ? new Refusal("session_unavailable") : error;
    }
  }

  return async (token) => {
    try {
      const isSecret = decodeProtectedHeader(token).alg === "HS256";
      const { payload } = await (isSecret ? verifyWithSecrets(token) : verifyWithKeySet(token));
      return sessionFromClaims(payload);
    } catch (error) {
      if (error instanceof Refusal) throw error;
      // jose checks the signature before the claims: a forged token that has expired is invalid.
      throw new Refusal(error instanceof errors.JWTExpired ? "session_expired" : "session_invalid");
    }
  };
}

/** A key server that is down, slow, or answers nonsense: nothing that the caller's token did. */
function isKeySetOutage(error: unknown): boolean {
  if (!(error instanceof errors.JOSEError)) return true;
  // The bare code is what jose throws where the key server's answer is not 200 or not JSON.
  return ["ERR_JOSE_GENERIC", "ERR_JWKS_TIMEOUT", "ERR_JWKS_INVALID"].includes(error.code);
}
