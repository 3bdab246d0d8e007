import { decodeBase64, decodeBase64Url, decodeUnpadded } from "./base64.ts";
import { fromJsonTime } from "./candidate.ts";
import { recordOf } from "./claims.ts";
import { DETAIL, invalidSession } from "./details.ts";
import { cookieNames, type SessionFormat, type VerifyContext } from "./format.ts";
import { isSignedBy } from "./hmac.ts";
import { candidateFromSessionData, parseJson } from "./session-data.ts";

/** React Router's (without padding) and Hono's: the value, and its HMAC-SHA256. */
const SIGNED = /^(.+)\.([\w+/]{43})=?$/s;
/** A bearer token of `cookie-session`: the values of both its cookies. */
const WITH_KEYGRIP = /^([\w+/=]+)\.([\w-]{27})$/;

/**
 * Cookies with JSON inside that the app signed: React Router's and Remix's
 * `createCookieSessionStorage`, Hono's `setSignedCookie`, and `cookie-session` of Express with its
 * `.sig` (SPEC A2); see `signed-cookie.md`.
 *
 * @example
 * const verify = signedCookie.createVerifier(config.session);
 * const session = await verify(token, { now: Date.now(), allowsOrigin: () => false });
 */
export const signedCookie: SessionFormat = {
  cookies: () => ["__session", "session", "koa.sess"],
  needs: [["SESSION_SECRET"]],
  createVerifier(config) {
    const names = cookieNames(signedCookie, config).filter((name) => typeof name === "string");
    return async (token, context) => {
      const value = await readSigned(decoded(token, context), context, names, config.secrets);
      if (value === undefined) throw invalidSession(DETAIL.signature);
      const data = readData(value);
      const candidate = candidateFromSessionData(data, config.claims);
      // koa-session writes it into the session itself.
      return { ...candidate, expiresAt: fromJsonTime(recordOf(data)["_expire"]) };
    };
  },
};

/** As a cookie it has been decoded already; as a bearer token it may be either. */
function decoded(token: string, { cookie }: VerifyContext): string {
  if (cookie || !token.includes("%")) return token;
  try {
    return decodeURIComponent(token);
  } catch {
    return token;
  }
}

/** Returns the value with a valid signature; `undefined` if there is none. */
async function readSigned(
  token: string,
  { cookie, cookies }: VerifyContext,
  names: readonly string[],
  secrets: readonly string[],
): Promise<string | undefined> {
  const [, value, digest] = SIGNED.exec(token) ?? [];
  if (value !== undefined && digest !== undefined) {
    const signature = decodeUnpadded(digest);
    const isGood = signature && (await isSignedBy(secrets, "SHA-256", signature, value));
    return isGood ? value : undefined;
  }
  if (cookie && cookies) {
    for (const sent of cookies.values(`${cookie.name}.sig`)) {
      if (await isKeygripOf(cookie.name, token, sent, secrets)) return token;
    }
    return undefined;
  }
  const [, alone, sent] = WITH_KEYGRIP.exec(token) ?? [];
  for (const name of names) {
    // A bearer token does not say which cookie it was made for.
    if (alone && sent && (await isKeygripOf(name, alone, sent, secrets))) return alone;
  }
  return undefined;
}

/** Keygrip signs the name with the value. */
async function isKeygripOf(
  name: string,
  value: string,
  digest: string,
  secrets: readonly string[],
): Promise<boolean> {
  const signature = decodeBase64Url(digest);
  return signature !== null && isSignedBy(secrets, "SHA-1", signature, `${name}=${value}`);
}

/** Hono signs the plain text; the others write JSON in base64. */
function readData(value: string): unknown {
  return parseJson(value.startsWith("{") ? new TextEncoder().encode(value) : decodeBase64(value));
}
