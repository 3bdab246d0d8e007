import type { SessionConfig } from "../config/config.ts";
import type { Env } from "../env.ts";
import type { Candidate } from "./candidate.ts";
import type { CookieHeader, CookieName, FoundCookie } from "./cookie.ts";

/** What a format may need to know beside the token. */
export interface VerifyContext {
  /** Milliseconds since 1970. */
  now: number;
  /** Whether pages of that origin may use the service (SPEC A3). */
  allowsOrigin(origin: string): boolean;
  /** To be awaited before anybody else is asked about the token; throws where that may not be (SPEC A7). */
  beforeAsking?: () => Promise<void>;
  /** The cookie that the token came in; absent where it came as a bearer token. */
  cookie?: FoundCookie;
  /** All cookies that came with it. */
  cookies?: CookieHeader;
}

/** What the check of a signed token needs to know. */
export type CheckContext = Pick<VerifyContext, "now" | "beforeAsking">;

/**
 * Verifies a token and answers what it says, as it says it: `sealSession` checks and bounds that.
 * Throws a `Refusal` with a code of A5.
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
  /** The framework's own names of its cookie, the likeliest first; used where `SESSION_COOKIE` is not set. */
  cookies(config: SessionConfig): readonly CookieName[];
  /** Whether it reads all its cookies at once, duplicates included, and not one after the other. */
  readsTogether?: boolean;
  /** The keys that must be set: at least one of each group. */
  needs: readonly (readonly (keyof Env)[])[];
  /** What else is wrong, `KEY: why`, with no value in it. */
  faults?(config: SessionConfig): readonly string[];
  /** What may be a mistake, in the same form; the service works with it. */
  warnings?(config: SessionConfig): readonly string[];
  /** Called once for a configuration; the verifier throws `session_invalid`, `session_expired` or `session_unavailable`. */
  createVerifier(config: SessionConfig): VerifyToken;
}

/** The names under which a format's cookie is looked for, in this order (SPEC A1). */
export function cookieNames(format: SessionFormat, config: SessionConfig): readonly CookieName[] {
  return config.cookies.length === 0 ? format.cookies(config) : config.cookies;
}
