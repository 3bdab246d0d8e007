import { decodeProtectedHeader, errors, jwtDecrypt } from "jose";
import { candidateFromClaims, JWT_SOURCE, withClaims, type Source } from "./candidate.ts";
import { DETAIL, invalidSession, refusalOf } from "./details.ts";
import { cookieNames, type SessionFormat } from "./format.ts";
import { deriveHkdfKey } from "./hkdf.ts";
import { NOT_BEFORE_TOLERANCE_SECONDS } from "./signed-token.ts";

/** With Auth.js's own tolerance. */
const SOURCE: Source = { ...JWT_SOURCE, toleranceMs: 15_000 };

/** The encryption identifies the version, and so how the key is derived from the secret. */
const VERSIONS: Record<string, { keyBytes: number; isSalted: boolean; info: string }> = {
  "A256CBC-HS512": { keyBytes: 64, isSalted: true, info: "Auth.js Generated Encryption Key" },
  A256GCM: { keyBytes: 32, isSalted: false, info: "NextAuth.js Generated Encryption Key" },
};

/**
 * The encrypted JWT of Auth.js v5 and next-auth v4 (SPEC A2); see `authjs.md`.
 *
 * @example
 * const verify = authjs.createVerifier(config.session);
 * const session = await verify(token, { now: Date.now(), allowsOrigin: () => false });
 */
export const authjs: SessionFormat = {
  cookies: () => [
    "__Secure-authjs.session-token",
    "authjs.session-token",
    "__Secure-next-auth.session-token",
    "next-auth.session-token",
  ],
  needs: [["SESSION_SECRET"]],
  createVerifier(config) {
    const source = withClaims(SOURCE, config.claims);
    const names = cookieNames(authjs, config).filter((name) => typeof name === "string");
    return async (token, { now, cookie }) => {
      if (cookie?.isBesideChunks) throw invalidSession(DETAIL.besideChunks);
      try {
        const enc = decodeProtectedHeader(token).enc as string;
        const version = Object.hasOwn(VERSIONS, enc) ? VERSIONS[enc] : undefined;
        if (!version) throw invalidSession(DETAIL.notDecrypted);
        // A bearer token does not say which cookie it was made for.
        const salts = version.isSalted ? (cookie ? [cookie.name] : names) : [""];
        for (const secret of config.secrets) {
          for (const salt of salts) {
            const info = salt === "" ? version.info : `${version.info} (${salt})`;
            const key = await deriveHkdfKey(secret, salt, info, version.keyBytes);
            const claims = await decrypt(token, key, enc, now);
            if (claims) return candidateFromClaims(claims, source);
          }
        }
        throw invalidSession(DETAIL.notDecrypted);
      } catch (error) {
        throw refusalOf(error);
      }
    };
  },
};

/** Returns the claims, or `undefined` if it is not this key's. */
async function decrypt(token: string, key: Uint8Array, enc: string, now: number) {
  try {
    const { payload } = await jwtDecrypt(token, key, {
      keyManagementAlgorithms: ["dir"],
      contentEncryptionAlgorithms: [enc],
      requiredClaims: ["exp"],
      // The expiry is checked later (SPEC A2), with the tolerance of this format.
      clockTolerance: NOT_BEFORE_TOLERANCE_SECONDS,
      currentDate: new Date(now),
    });
    return payload;
  } catch (error) {
    if (error instanceof errors.JWEDecryptionFailed) return undefined;
    throw error;
  }
}
