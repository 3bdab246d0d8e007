import type { SessionConfig } from "../config/config.ts";
import { authjs } from "./authjs.ts";
import { betterAuth } from "./better-auth.ts";
import type { Candidate } from "./candidate.ts";
import type { CookieSearch, Credential } from "./credential.ts";
import { dbauth } from "./dbauth.ts";
import { DETAIL, invalidSession } from "./details.ts";
import { cookieNames, type SessionFormat, type VerifyToken, type VerifyContext } from "./format.ts";
import { django } from "./django.ts";
import { introspection } from "./introspection.ts";
import { ironSession } from "./iron-session.ts";
import { jwt } from "./jwt.ts";
import { kv } from "./kv.ts";
import { laravel } from "./laravel.ts";
import { rails } from "./rails.ts";
import { signedCookie } from "./signed-cookie.ts";
import { supabase } from "./supabase.ts";

/**
 * One entry for each `SESSION_FORMAT`. They are parsed at start-up, used or not: as dynamic imports
 * they started 5 ms slower, since esbuild wraps every module that these share with the others.
 */
export const FORMATS = {
  jwt,
  authjs,
  supabase,
  rails,
  dbauth,
  "better-auth": betterAuth,
  "iron-session": ironSession,
  "signed-cookie": signedCookie,
  django,
  laravel,
  introspection,
  kv,
} satisfies Record<string, SessionFormat>;

/** Browsers cap a cookie near 4 KiB; anything longer than this is not a session. */
const MAX_LENGTH = 8000;
const MAX_CHUNKS = 10;
const MAX_CHUNKED_LENGTH = 32_000;

/** The configured format. */
export function formatOf({ format }: Pick<SessionConfig, "format">): SessionFormat {
  return FORMATS[format as keyof typeof FORMATS];
}

const verifiers = new WeakMap<SessionConfig, VerifyToken>();

/** How to find the session's cookie (SPEC A1). */
export function sessionCookies(config: SessionConfig): CookieSearch {
  const format: SessionFormat = formatOf(config);
  const names = cookieNames(format, config);
  const isOne = format.readsTogether === true;
  return { names: isOne ? names.slice(0, 1) : names, isOne };
}

/**
 * Checks a credential and returns its contents; only `sealSession` turns them into a session.
 *
 * @throws Refusal `session_invalid`, `session_expired`, `session_unavailable`.
 * @example
 * const credential = readCredential(request, sessionCookies(config.session))!;
 * const context = { now: Date.now(), allowsOrigin: (origin) => config.allowedOrigins.has(origin) };
 * const candidate = await verifyCredential(credential, config.session, context);
 */
export async function verifyCredential(
  credential: Credential,
  config: SessionConfig,
  context: Omit<VerifyContext, "cookie" | "cookies">,
): Promise<Candidate> {
  if (isOversized(credential)) throw invalidSession(DETAIL.credentialTooLong);
  let verify = verifiers.get(config);
  if (!verify) verifiers.set(config, (verify = formatOf(config).createVerifier(config)));
  return verify(credential.token, {
    ...context,
    ...(credential.kind === "cookie" && {
      cookie: credential.cookie,
      cookies: credential.cookies,
    }),
  });
}

function isOversized(credential: Credential): boolean {
  const chunks = credential.kind === "cookie" ? credential.cookie.chunks : 1;
  if (chunks > MAX_CHUNKS) return true;
  return credential.token.length > (chunks > 1 ? MAX_CHUNKED_LENGTH : MAX_LENGTH);
}
