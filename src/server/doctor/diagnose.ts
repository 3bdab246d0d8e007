import { parseConfig } from "../config/parse.ts";
import type { Config, SessionConfig } from "../config/config.ts";
import type { Env } from "../env.ts";
import { Refusal } from "../errors.ts";
import type { RoomSession } from "../session/room-session.ts";
import { CookieHeader } from "../session/cookie.ts";
import { readCredential, tryEach, type Credential } from "../session/credential.ts";
import { sessionCookies, verifyCredential } from "../session/index.ts";
import { sealSession } from "../session/seal.ts";
import { guessFormat } from "./guess-format.ts";
import { hintFor } from "./hints.ts";

/** The findings; no line contains a secret, or any part of the cookie but its name. */
export interface Report {
  isGood: boolean;
  lines: string[];
}

/** The cookie to diagnose, and the configuration. */
export interface Question {
  /** A cookie's value, or a whole `Cookie` header. */
  cookie: string;
  /** The variables of the deployment. */
  vars: Record<string, string>;
  /** Milliseconds since 1970. */
  now: number;
}

/**
 * Finds out what kind of session cookie this is, whether a configuration accepts it, and for which
 * user, or why not. It uses the service's own code.
 *
 * @example
 * (await diagnose({ cookie: "eyJhbGciOi…", vars, now: Date.now() })).lines;
 */
export async function diagnose({ cookie, vars, now }: Question): Promise<Report> {
  const config = parseConfig(vars as unknown as Env);
  const { session: options } = config;
  const credential = credentialOf(cookie, options);
  const lines = [...describeCookie(cookie, credential, options.format)];
  const faults = config.faults.filter((fault) => fault.startsWith("SESSION"));
  if (faults.length > 0) return { isGood: false, lines: [...lines, ...faults] };
  lines.push(...config.warnings);
  if (!credential) {
    const names = sessionCookies(options).names.map(String).join(", ");
    return { isGood: false, lines: [...lines, `Refused: there is no cookie named ${names}.`] };
  }
  try {
    const session = await check(credential, config, now);
    return { isGood: true, lines: [...lines, ...describeSession(session)] };
  } catch (error) {
    return { isGood: false, lines: [...lines, ...describeRefusal(error)] };
  }
}

function check(credential: Credential, config: Config, now: number): Promise<RoomSession> {
  const { session: options, allowedOrigins } = config;
  const allowsOrigin = (origin: string) => allowedOrigins.has(origin);
  return tryEach(credential, async (one) => {
    const candidate = await verifyCredential(one, options, { now, allowsOrigin });
    return sealSession(candidate, { now, sessionMs: options.sessionMs });
  });
}

/** A bare value may end in `=`; dbAuth's contains `=|` and Laravel's `=.`, far behind any name. */
function isHeader(text: string): boolean {
  return /^\s*[\w!#$%&'*.^`|~+-]{1,128}=[^=|]/.test(text);
}

/**
 * A bare value is checked like a bearer token, which may have been made for any of the cookie's
 * names.
 */
function credentialOf(text: string, options: SessionConfig): Credential | null {
  const search = sessionCookies(options);
  const isValue = !isHeader(text);
  if (isValue && options.format !== "supabase") return { kind: "bearer", token: text };
  const header = isValue ? `${String(search.names[0])}=${text}` : text;
  const request = new Request("https://doctor.invalid/", { headers: { Cookie: header } });
  return readCredential(request, search);
}

function describeCookie(text: string, credential: Credential | null, format: string): string[] {
  const [name = ""] = text.split("=");
  const found =
    credential?.kind === "cookie" ? credential.cookie : new CookieHeader(text).find([name])[0];
  const guess = isHeader(text)
    ? guessFormat(found?.name ?? "", found?.value ?? "")
    : guessFormat("", text);
  return [
    `The cookie looks like ${guess.what}, which is SESSION_FORMAT=${guess.format}.`,
    guess.format === format
      ? `SESSION_FORMAT=${format} is set.`
      : `SESSION_FORMAT=${format} is set, which is another format.`,
  ];
}

function describeSession({ user, roles, rooms, id, expiresAt }: RoomSession): string[] {
  const list = (texts: readonly string[]) => (texts.length > 0 ? texts.join(", ") : "none");
  return [
    `Accepted: the user is ${user.id}${user.name ? ` (${user.name})` : ""}, until ${new Date(expiresAt).toISOString()}.`,
    `picture: ${user.image ?? "none"}; roles: ${list(roles)}; rooms: ${rooms ? list(rooms) : "all"}; session's id: ${id ? "yes" : "none"}`,
  ];
}

function describeRefusal(error: unknown): string[] {
  if (!(error instanceof Refusal)) throw error;
  const detail = error.logged.detail;
  const hint = detail === undefined ? undefined : hintFor(detail);
  return [
    `Refused: ${error.code}${detail === undefined ? "" : ` (${detail})`}.`,
    ...(hint === undefined ? [] : [hint]),
  ];
}
