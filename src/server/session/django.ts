import { readText } from "../platform/read-text.ts";
import { decodeBase64Url } from "./base64.ts";
import { lookUp } from "./claims.ts";
import { DETAIL, invalidSession } from "./details.ts";
import type { SessionFormat } from "./format.ts";
import { isSignedBy } from "./hmac.ts";
import { candidateFromSessionData, parseJson } from "./session-data.ts";

/** The salt of the session backend, with the suffix of a signer. */
const KEY_SALT = "django.contrib.sessions.backends.signed_cookiessigner";
/** The payload, with a dot before it if it is compressed; the time in base 62; the signature. */
const SIGNED = /^((\.?)([\w-]+):([0-9A-Za-z]{1,8})):([\w-]{43})$/;
const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/** Django's default `SESSION_COOKIE_AGE`. */
const MAX_AGE_MS = 14 * 86_400_000;
const MAX_BYTES = 64 * 1024;

/**
 * The session cookie of Django's `signed_cookies` backend (SPEC A2); see `django.md`.
 *
 * @example
 * const verify = django.createVerifier(config.session);
 * const session = await verify(token, { now: Date.now(), allowsOrigin: () => false });
 */
export const django: SessionFormat = {
  cookies: () => ["sessionid"],
  needs: [["SESSION_SECRET"]],
  createVerifier({ secrets, claims, sessionMs }) {
    let keys: Uint8Array<ArrayBuffer>[] | undefined;
    return async (token, { now }) => {
      const parts = SIGNED.exec(token);
      if (!parts) throw invalidSession(DETAIL.notSigned);
      const [, signed, dot, payload, time, digest] = parts as string[];
      keys ??= await Promise.all(secrets.map(deriveKey));
      const signature = decodeBase64Url(digest!);
      if (!signature || !(await isSignedBy(keys, "SHA-256", signature, signed!))) {
        throw invalidSession(DETAIL.signature);
      }
      const bytes = decodeBase64Url(payload!);
      const data = parseJson(dot === "." ? await inflate(bytes) : bytes);
      const issuedAt = fromBase62(time!) * 1000;
      const age = lookUp(data, "_session_expiry");
      const ageMs = typeof age === "number" && age > 0 ? age * 1000 : MAX_AGE_MS;
      return {
        ...candidateFromSessionData(data, claims, ["_auth_user_id"]),
        issuedAt,
        expiresAt: Math.min(issuedAt + Math.min(ageMs, MAX_AGE_MS), now + sessionMs),
      };
    };
  },
};

async function deriveKey(secret: string): Promise<Uint8Array<ArrayBuffer>> {
  const salted = new TextEncoder().encode(KEY_SALT + secret);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", salted));
}

function fromBase62(text: string): number {
  return [...text].reduce((number, digit) => number * DIGITS.length + DIGITS.indexOf(digit), 0);
}

async function inflate(bytes: Uint8Array<ArrayBuffer> | null): Promise<Uint8Array | null> {
  if (bytes === null) return null;
  try {
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    const text = await readText(stream, MAX_BYTES);
    return text === null ? null : new TextEncoder().encode(text);
  } catch {
    return null;
  }
}
