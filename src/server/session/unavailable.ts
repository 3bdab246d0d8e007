import { Refusal } from "../errors.ts";
import { log } from "../log.ts";

/**
 * Creates the refusal for a session that cannot be checked, and logs why, since the answer does not
 * say (SPEC A5, O3). The reason must not contain any part of the credential.
 *
 * @example
 * throw unavailable("SESSION_INTROSPECTION_URL: answered 500");
 */
export function unavailable(reason: string): Refusal {
  log("failure", { code: "session_unavailable", reason });
  return new Refusal("session_unavailable");
}

/** The message of an error of {@link fetchJson}. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
