import { Refusal } from "../errors.ts";
import { log } from "../log.ts";

/**
 * Makes the refusal for a session that cannot be checked, and logs why, since the caller's answer
 * does not tell (SPEC A5, O3). The reason must hold nothing of the credential.
 *
 * @example
 * throw unavailable("SESSION_INTROSPECTION_URL: answered 500");
 */
export function unavailable(reason: string): Refusal {
  log("failure", { code: "session_unavailable", reason });
  return new Refusal("session_unavailable");
}

/** The message of what {@link fetchJson} threw. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
