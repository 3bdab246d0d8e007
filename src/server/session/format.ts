import type { SessionConfig } from "../config/config.ts";
import type { Env } from "../env.ts";
import type { Candidate } from "./candidate.ts";
import type { CookieHeader, CookieName, FoundCookie } from "./cookie.ts";

/** What a format may need beside the token. */
export interface VerifyContext {
  /** Milliseconds since 1970. */
  now: number;
  /** Whether pages of that origin may use the service (SPEC A3). */
  allowsOrigin(origin: string): boolean;
  /** Await it before asking another service about the token; it throws if that is not allowed (SPEC A7). */
  beforeAsking?: () => Promise<void>;
  /** The cookie that the token came in; absent for a bearer token. */
  cookie?: FoundCookie;
  /** All cookies that came with it. */
  cookies?: CookieHeader;
}

/** What the check of a signed token needs. */
export type CheckContext = Pick<VerifyContext, "now" | "beforeAsking">;

/**
 * Verifies a token and returns its contents unchecked: `sealSession` checks and bounds them.
 *
 * @throws Refusal with a code of A5.
 */
export type VerifyToken = (token: string, context: VerifyContext) => Promise<Candidate>;

/**
 * One `SESSION_FORMAT`: where its cookie is, what it needs to be configured, how it is verified.
 *
 * @example
 * export const magic: SessionFormat = {
 *   cookies: () => ["magic"],
 *   needs: [["SESSION_SECRET"]],
 *   createVerifier: (config) => async (token) => candidateFromJson(await readMagic(token, config)),
 * };
 */
export interface SessionFormat {
  /** The framework's names of its cookie, the most likely first; used if `SESSION_COOKIE` is not set. */
  cookies(config: SessionConfig): readonly CookieName[];
  /** Whether it reads all its cookies at once, duplicates included, instead of one after the other. */
  readsTogether?: boolean;
  /** The keys that must be set: at least one of each group. */
  needs: readonly (readonly (keyof Env)[])[];
  /** Other faults, each `KEY: why` without a value. */
  faults?(config: SessionConfig): readonly string[];
  /** Possible mistakes, in the same form. */
  warnings?(config: SessionConfig): readonly string[];
  /** Called once for a configuration; the verifier throws `session_invalid`, `session_expired` or `session_unavailable`. */
  createVerifier(config: SessionConfig): VerifyToken;
}

/** The names of a format's cookie, in the order of the search (SPEC A1). */
export function cookieNames(format: SessionFormat, config: SessionConfig): readonly CookieName[] {
  return config.cookies.length === 0 ? format.cookies(config) : config.cookies;
}
