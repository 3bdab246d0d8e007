import { decodeBase64Url } from "./base64.ts";
import { DETAIL, invalidSession } from "./details.ts";
import type { SessionFormat } from "./format.ts";
import { isSignedBy } from "./hmac.ts";
import { candidateFromSessionData, parseJson } from "./session-data.ts";

/** Version, password's id, salt, IV, ciphertext, expiry; the salt and digest of the signature. */
const SEAL =
  /^(Fe26\.2\*\w*\*([\da-f]{64})\*([\w-]{22})\*([\w-]+)\*(\d{0,15}))\*([\da-f]{64})\*([\w-]{43})~2$/;
/** The library's own. */
const CLOCK_TOLERANCE_MS = 60_000;

/**
 * The sealed cookie of iron-session v8, which WorkOS AuthKit uses as well (SPEC A2); see
 * `iron-session.md`.
 *
 * @example
 * const verify = ironSession.createVerifier(config.session);
 * const session = await verify(token, { now: Date.now(), allowsOrigin: () => false });
 */
export const ironSession: SessionFormat = {
  cookies: () => ["session", "wos-session"],
  needs: [["SESSION_SECRET"]],
  createVerifier({ secrets, claims }) {
    return async (token) => {
      const seal = SEAL.exec(decoded(token));
      if (!seal) throw invalidSession(DETAIL.notASeal);
      const [, signed, salt, iv, ciphertext, expiry, signatureSalt, digest] = seal as string[];
      const secret = await findSecret(secrets, signatureSalt!, decodeBase64Url(digest!), signed!);
      if (secret === undefined) throw invalidSession(DETAIL.signature);
      const key = await deriveKey(secret, salt!);
      const data = parseJson(
        await decrypt(decodeBase64Url(ciphertext!), decodeBase64Url(iv!), key),
      );
      const candidate = candidateFromSessionData(data, claims);
      const source = { ...candidate.source!, toleranceMs: CLOCK_TOLERANCE_MS };
      const expiresAt = expiry === "" ? undefined : Number(expiry);
      return { ...candidate, source, expiresAt };
    };
  },
};

/** As a cookie it has been decoded already; as a bearer token it may be either. */
function decoded(token: string): string {
  return token.replaceAll(/%2a/gi, "*").replaceAll(/%7e/gi, "~");
}

/** Finds the secret that signed it: the id in the seal is the app's own number for a secret. */
async function findSecret(
  secrets: readonly string[],
  salt: string,
  signature: Uint8Array<ArrayBuffer> | null,
  text: string,
): Promise<string | undefined> {
  if (signature === null) return undefined;
  for (const secret of secrets) {
    if (await isSignedBy([await deriveKey(secret, salt)], "SHA-256", signature, text)) {
      return secret;
    }
  }
  return undefined;
}

/** For a password of 32 characters the library uses a single round. */
async function deriveKey(secret: string, salt: string): Promise<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder();
  const password = encoder.encode(secret);
  const material = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
  const params = { name: "PBKDF2", hash: "SHA-1", salt: encoder.encode(salt), iterations: 1 };
  return new Uint8Array(await crypto.subtle.deriveBits(params, material, 256));
}

async function decrypt(
  ciphertext: Uint8Array<ArrayBuffer> | null,
  iv: Uint8Array<ArrayBuffer> | null,
  raw: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array | null> {
  if (!ciphertext || !iv) return null;
  const key = await crypto.subtle.importKey("raw", raw, "AES-CBC", false, ["decrypt"]);
  try {
    return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-CBC", iv }, key, ciphertext));
  } catch {
    return null;
  }
}
