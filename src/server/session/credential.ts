import { findCookie, type CookieName, type FoundCookie } from "./cookie.ts";

/** Where a caller's token came from, which decides what it may do without an `Origin` (SPEC A3). */
export type Credential =
  | { kind: "ticket" | "bearer" | "message"; token: string }
  | { kind: "cookie"; token: string; cookie: FoundCookie };

/**
 * Finds the one credential that is judged: the ticket, else the bearer token, else the session
 * cookie (SPEC A1). `null` where there is none.
 *
 * @example
 * readCredential(new Request(url, { headers: { Authorization: "Bearer abc" } }), ["session"]);
 * // { kind: "bearer", token: "abc" }
 */
export function readCredential(
  request: Request,
  cookieNames: readonly CookieName[],
): Credential | null {
  const ticket = request.url.includes("?") ? new URL(request.url).searchParams.get("ticket") : null;
  if (ticket !== null) return { kind: "ticket", token: ticket };
  const bearer = bearerToken(request);
  if (bearer !== null) return { kind: "bearer", token: bearer };
  const cookie = findCookie(request.headers.get("Cookie") ?? "", cookieNames);
  return cookie ? { kind: "cookie", token: cookie.value, cookie } : null;
}

/** A scheme ends with the first character that no token of HTTP has (RFC 9110, 5.6.2). */
const BEARER = /^bearer(?![\w!#$%&'*+.^`|~-])\s*(.*)$/is;

/** The bearer token of a request, empty where only the scheme is named; `null` for none. */
export function bearerToken(request: Request): string | null {
  return BEARER.exec(request.headers.get("Authorization") ?? "")?.[1] ?? null;
}
