import { errors, jwtDecrypt } from "jose";
import type { SessionConfig } from "../config/config.ts";
import { Refusal } from "../errors.ts";
import { decodeBase64Url, decodeUnpadded } from "./base64.ts";
import { JSON_SOURCE, candidateFromJson, withClaims } from "./candidate.ts";
import { isRecord, lookUp, recordOf } from "./claims.ts";
import { DETAIL, invalidSession, refusalOf } from "./details.ts";
import type { SessionFormat, VerifyToken, VerifyContext } from "./format.ts";
import { deriveHkdfKey } from "./hkdf.ts";
import { isSignedBy } from "./hmac.ts";
import { createIntrospector } from "./introspector.ts";
import { parseJson } from "./session-data.ts";
import { createTokenCheck, NOT_BEFORE_TOLERANCE_SECONDS } from "./signed-token.ts";

/** The framework's own names and constants. */
const NAMES: readonly [data: string, token: string][] = [
  ["__Secure-better-auth.session_data", "__Secure-better-auth.session_token"],
  ["better-auth.session_data", "better-auth.session_token"],
];
const SALT = "better-auth-session";
const INFO = "BetterAuth.js Generated Encryption Key";
const CLOCK_TOLERANCE_MS = 15_000;

/** The contents of the cookie cache, and until when (milliseconds since 1970) it is valid. */
interface Cache {
  data: Record<string, unknown>;
  until: number;
}

/** The names of the cookie cache and of the session's token. */
function pairsOf({ cookies }: SessionConfig): readonly (readonly [string, string])[] {
  const [data, token] = cookies;
  return data !== undefined && token !== undefined ? [[data, token]] : NAMES;
}

/**
 * The cookie cache of Better Auth in its three encodings. If it has expired, the app is asked (SPEC
 * A2); see `better-auth.md`.
 *
 * @example
 * const verify = betterAuth.createVerifier(config.session);
 * const session = await verify(token, { now: Date.now(), allowsOrigin: () => false });
 */
export const betterAuth: SessionFormat = {
  // Browsers drop the cache after minutes; the token stays.
  cookies: () => [...NAMES.map(([data]) => data), ...NAMES.map(([, token]) => token)],
  needs: [["SESSION_SECRET"]],
  faults({ cookies }) {
    if (cookies.length === 0 || cookies.length === 2) return [];
    return ["SESSION_COOKIE: must name two cookies, like my.session_data,my.session_token"];
  },
  createVerifier(config): VerifyToken {
    const { secrets } = config;
    const pairs = pairsOf(config);
    const source = withClaims(JSON_SOURCE, config.claims);
    const readCache = createCacheReader(secrets);
    const introspect = config.introspectionUrl ? createIntrospector(config) : undefined;

    /** Asks the app about the session's token, if its signature is valid. */
    async function ask(name: string, context: VerifyContext, otherwise: Refusal) {
      const { cookies } = context;
      const sent = cookies?.values(name) ?? [];
      const isForged = sent.length > 0 && (await readTokens(sent, secrets)).length === 0;
      if (isForged) throw invalidSession(DETAIL.signature);
      if (!introspect || !cookies || sent.length === 0) throw otherwise;
      return introspect(cookies.pick([name]), context);
    }

    return async (token, context) => {
      const { cookie, cookies, now } = context;
      const expired = new Refusal("session_expired", undefined, { detail: DETAIL.cacheExpired });
      const names = pairs.find((pair) => cookie && pair.includes(cookie.name)) ?? pairs[0]!;
      if (cookie && cookie.name === names[1]) return ask(names[1], context, expired);
      const { data, until } = await readCache(token, now);
      if (until <= now) return ask(names[1], context, expired);
      if (cookies) {
        // The framework accepts a cache only together with the token of the same session.
        const tokens: unknown[] = await readTokens(cookies.values(names[1]), secrets);
        if (!tokens.includes(lookUp(data, "session.token")))
          return ask(names[1], context, invalidSession(DETAIL.cacheOfAnother));
      }
      return candidateFromJson({ user: data["user"], session: data["session"] }, source);
    };
  },
};

/** The tokens with a valid signature, from the cookies `<token>.<signature>`. */
async function readTokens(sent: readonly string[], secrets: readonly string[]): Promise<string[]> {
  const tokens: string[] = [];
  for (const text of sent) {
    const [, token, digest] = /^(.+)\.([\w+/]{43})=$/.exec(text) ?? [];
    const signature = digest === undefined ? null : decodeUnpadded(digest);
    if (signature && token && (await isSignedBy(secrets, "SHA-256", signature, token))) {
      tokens.push(token);
    }
  }
  return tokens;
}

/** Creates a reader of the cookie cache; the shape of a cache identifies its encoding. */
function createCacheReader(secrets: readonly string[]) {
  const check = createTokenCheck({ secrets });

  async function readCompact(token: string): Promise<Cache> {
    const json = parseJson(decodeBase64Url(token));
    const { session, expiresAt, signature } = recordOf(json);
    const digest = typeof signature === "string" ? decodeBase64Url(signature) : null;
    if (!isRecord(session) || typeof expiresAt !== "number" || !digest) {
      throw invalidSession(DETAIL.notACache);
    }
    const text = JSON.stringify({ ...session, expiresAt });
    if (!(await isSignedBy(secrets, "SHA-256", digest, text))) {
      throw invalidSession(DETAIL.signature);
    }
    return { data: session, until: expiresAt };
  }

  async function readEncrypted(token: string, now: number): Promise<Cache> {
    for (const secret of secrets) {
      const key = await deriveHkdfKey(secret, SALT, INFO, 64);
      try {
        const { payload } = await jwtDecrypt(token, key, {
          keyManagementAlgorithms: ["dir"],
          contentEncryptionAlgorithms: ["A256CBC-HS512"],
          requiredClaims: ["exp"],
          clockTolerance: NOT_BEFORE_TOLERANCE_SECONDS,
          currentDate: new Date(now),
        });
        return { data: payload, until: payload.exp! * 1000 + CLOCK_TOLERANCE_MS };
      } catch (error) {
        const refusal = refusalOf(error);
        if (refusal.code === "session_expired") return { data: {}, until: 0 };
        if (!(error instanceof errors.JWEDecryptionFailed)) throw refusal;
      }
    }
    throw invalidSession(DETAIL.notDecrypted);
  }

  async function readSigned(token: string, now: number): Promise<Cache> {
    try {
      const payload = await check(token, { now });
      return { data: payload, until: payload.exp! * 1000 };
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal.code === "session_expired") return { data: {}, until: 0 };
      throw refusal;
    }
  }

  return (token: string, now: number): Promise<Cache> => {
    const parts = token.split(".").length;
    if (parts === 5) return readEncrypted(token, now);
    return parts === 3 ? readSigned(token, now) : readCompact(token);
  };
}
