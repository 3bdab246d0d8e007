import { Refusal } from "../errors.ts";
import type { Credential } from "../session/credential.ts";

/** An origin is allowed if it is the service's own, scheme and port included, or in the list. */
export function isAllowedOrigin(
  origin: string,
  own: string,
  allowed: ReadonlySet<string>,
): boolean {
  return origin === own || allowed.has(origin);
}

/** The form that browsers and apps send; a domain name has at most 253 characters. */
const ORIGIN = /^(?:null|[a-z][a-z0-9+.-]{0,30}:\/\/[^\s/?#@\\]{0,260})$/i;

/** An origin for the log: a caller that is no browser may send anything. */
function logged(origin: string | null): string {
  if (origin === null) return "none";
  return ORIGIN.test(origin) ? origin : "malformed";
}

/**
 * Guards upgrades, tickets, leases and the backend's writes: a page of another origin could send
 * such a request with the user's cookie (SPEC A3).
 *
 * @throws Refusal `origin_forbidden`.
 */
export function requireOrigin(
  request: Request,
  credential: Credential | null,
  own: string,
  allowed: ReadonlySet<string>,
): void {
  const origin = request.headers.get("Origin");
  const passes =
    origin === null ? credential?.kind !== "cookie" : isAllowedOrigin(origin, own, allowed);
  if (!passes) throw new Refusal("origin_forbidden", undefined, { origin: logged(origin) });
}

const EXPOSED = ["ETag", "Retry-After", "X-Request-Id"];

/**
 * Adds the CORS headers that let a page of an allowed origin read an answer; any other origin gets
 * the answer without them (SPEC A3). They are set on a copy, since a room's answer cannot be
 * changed.
 */
export function allowOrigin(
  answer: Response,
  origin: string,
  url: string,
  allowed: ReadonlySet<string>,
): Response {
  if (!isAllowedOrigin(origin, new URL(url).origin, allowed)) return answer;
  const copy = new Response(answer.body, answer);
  copy.headers.set("Access-Control-Allow-Origin", origin);
  copy.headers.set("Access-Control-Allow-Credentials", "true");
  copy.headers.set("Access-Control-Expose-Headers", EXPOSED.join(","));
  return copy;
}
