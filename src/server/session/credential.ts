import { parse } from "hono/utils/cookie";

/** Where a caller's token came from, which decides what it may do without an `Origin` (SPEC A3). */
export interface Credential {
  kind: "ticket" | "bearer" | "cookie" | "message";
  token: string;
}

/**
 * Finds the one credential that is judged: the ticket, else the bearer token, else the session
 * cookie (SPEC A1). `null` where there is none.
 *
 * @example
 * readCredential(new Request(url, { headers: { Cookie: "session=abc" } }), "session");
 * // { kind: "cookie", token: "abc" }
 */
export function readCredential(request: Request, cookieName: string): Credential | null {
  const ticket = new URL(request.url).searchParams.get("ticket");
  if (ticket !== null) return { kind: "ticket", token: ticket };
  const bearer = /^bearer(?: +(.*))?$/i.exec(request.headers.get("Authorization") ?? "");
  if (bearer) return { kind: "bearer", token: bearer[1] ?? "" };
  const cookie = firstCookie(request.headers.get("Cookie") ?? "", cookieName);
  return cookie === undefined ? null : { kind: "cookie", token: cookie };
}

/** The first pair of that name counts, even where its value is no valid one (SPEC A1). */
function firstCookie(header: string, name: string): string | undefined {
  const pair = header.split(";").find((text) => text.slice(0, text.indexOf("=")).trim() === name);
  return pair === undefined ? undefined : (parse(pair, name)[name] ?? "");
}
