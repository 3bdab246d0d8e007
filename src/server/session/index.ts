import type { SessionConfig } from "../config.ts";
import { Refusal } from "../errors.ts";
import type { Credential } from "./credential.ts";
import { createJwtVerifier } from "./jwt.ts";
import type { Session, Verify } from "./session.ts";

/** One entry for each `SESSION_FORMAT`. */
const FORMATS: Record<SessionConfig["format"], (config: SessionConfig) => Verify> = {
  jwt: createJwtVerifier,
};

/** Browsers cap a cookie near 4 KiB; what is longer than this was never a session. */
const MAX_TOKEN_LENGTH = 8000;

const verifiers = new WeakMap<SessionConfig, Verify>();

/**
 * Checks a credential and answers the session behind it.
 *
 * @throws Refusal `unauthenticated`, `session_invalid`, `session_expired`, `session_unavailable`.
 * @example
 * const session = await verifyCredential(readCredential(request, "session"), config.session);
 */
export async function verifyCredential(
  credential: Credential | null,
  config: SessionConfig,
): Promise<Session> {
  if (credential === null) throw new Refusal("unauthenticated");
  if (credential.token.length > MAX_TOKEN_LENGTH) throw new Refusal("session_invalid");
  let verify = verifiers.get(config);
  if (!verify) verifiers.set(config, (verify = FORMATS[config.format](config)));
  return verify(credential.token);
}
