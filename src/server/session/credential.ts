import { Refusal } from "../errors.ts";
import { CookieHeader, type CookieName, type FoundCookie } from "./cookie.ts";

/** Where a token came from; that decides what it may do without an `Origin` (SPEC A3). */
export type Credential = TokenCredential | CookieCredential;

interface TokenCredential {
  kind: "ticket" | "bearer" | "message";
  token: string;
}

interface CookieCredential {
  kind: "cookie";
  token: string;
  cookie: FoundCookie;
  /** All cookies that came with it, for the formats that need more than one. */
  cookies: CookieHeader;
  /** Later ones with the same name, tried if this one is not a valid session (SPEC A1). */
  others: readonly FoundCookie[];
}

/** How to find a format's cookie. */
export interface CookieSearch {
  /** The most likely first. */
  names: readonly CookieName[];
  /** Whether all cookies of that name are one credential. */
  isOne: boolean;
}

/**
 * Finds the one credential to judge: the ticket, otherwise the bearer token, otherwise the session
 * cookie (SPEC A1). `null` if there is none.
 *
 * @example
 * readCredential(new Request(url, { headers: { Authorization: "Bearer abc" } }), { names:
 * ["session"], isOne: false }); // { kind: "bearer", token: "abc" }
 */
export function readCredential(
  request: Request,
  { names, isOne }: CookieSearch,
): Credential | null {
  const ticket = request.url.includes("?") ? new URL(request.url).searchParams.get("ticket") : null;
  if (ticket !== null) return { kind: "ticket", token: ticket };
  const bearer = bearerToken(request);
  if (bearer !== null) return { kind: "bearer", token: bearer };
  const cookies = new CookieHeader(request.headers.get("Cookie") ?? "");
  const [cookie, ...others] = cookies.find(names);
  if (!cookie) return null;
  return { kind: "cookie", token: cookie.value, cookie, cookies, others: isOne ? [] : others };
}

/** A scheme ends at the first character that is not part of an HTTP token (RFC 9110, 5.6.2). */
const BEARER = /^bearer(?![\w!#$%&'*+.^`|~-])\s*(.*)$/is;

/** The bearer token of a request, empty if only the scheme is present; `null` for none. */
export function bearerToken(request: Request): string | null {
  return BEARER.exec(request.headers.get("Authorization") ?? "")?.[1] ?? null;
}

/**
 * Tries a credential. If it is a cookie that came more than once, tries each until one passes (SPEC
 * A1). Browsers send a stale cookie of the host before a fresh one of its domain.
 *
 * @throws Refusal of the first that failed; `session_unavailable` if one could not be checked.
 * @example
 * const session = await tryEach(credential, async (one) => sealSession(await verify(one), options));
 */
export async function tryEach<Result>(
  credential: Credential,
  attempt: (credential: Credential) => Promise<Result>,
): Promise<Result> {
  if (credential.kind !== "cookie" || credential.others.length === 0) return attempt(credential);
  const refusals: Refusal[] = [];
  for (const cookie of [credential.cookie, ...credential.others]) {
    try {
      return await attempt({ ...credential, token: cookie.value, cookie, others: [] });
    } catch (error) {
      if (!(error instanceof Refusal) || error.code === "rate_limited") throw error;
      refusals.push(error);
    }
  }
  // A client gives up after 401, and retries after 503: one of the cookies may be valid.
  throw refusals.find(({ code }) => code === "session_unavailable") ?? refusals[0]!;
}
