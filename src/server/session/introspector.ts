import type { SessionConfig } from "../config/config.ts";
import { digest } from "../platform/digest.ts";
import { Refusal } from "../errors.ts";
import { ExpiringMap } from "../platform/expiring-map.ts";
import type { RoomSession } from "./room-session.ts";
import { SharedWork } from "../platform/shared-work.ts";
import { candidateFromJson, JSON_SOURCE, withClaims } from "./candidate.ts";
import { recordOf } from "./claims.ts";
import { DETAIL, invalidSession, signedOutBy } from "./details.ts";
import { fetchJson } from "./fetch-json.ts";
import type { CheckContext } from "./format.ts";
import { sealSession } from "./seal.ts";
import { messageOf, unavailable } from "./unavailable.ts";

const KEPT_MS = 10_000;
/** Short, because a sign-in may keep the session's cookie. */
const FAILURE_KEPT_MS = 1_000;
const MAX_KEPT = 1000;

/** The statuses by which apps say that nobody is signed in; a redirect leads to the sign-in page. */
const SIGNED_OUT: ReadonlySet<number> = new Set([204, 301, 302, 303, 307, 308, 401, 403, 419]);

/** The app's answer about a credential: a session, or why there is none. */
type Answer = RoomSession | Refusal;

/** Asks the app which user a `Cookie` header belongs to. */
export type Introspect = (cookies: string, context: CheckContext) => Promise<RoomSession>;

/**
 * Makes a function that asks the app at `SESSION_INTROSPECTION_URL`, and caches its answers (SPEC
 * A2).
 *
 * @throws Refusal when it asks: `session_invalid`, `session_expired`, `session_unavailable`.
 * @example
 * const introspect = createIntrospector(config.session);
 * const session = await introspect("connect.sid=s%3Aabc", { now: Date.now() });
 */
export function createIntrospector(config: SessionConfig): Introspect {
  const { introspectionUrl = "", introspectionHeaders, sessionMs } = config;
  const source = withClaims(JSON_SOURCE, config.claims);
  // Separate, so that requests without a session cannot displace cached sessions.
  const good = new ExpiringMap<RoomSession>(MAX_KEPT);
  const failed = new ExpiringMap<Refusal>(MAX_KEPT);
  const asking = new SharedWork<Answer>();

  const known = (key: string, now: number): Answer | undefined =>
    good.get(key, now) ?? failed.get(key, now);

  async function askApp(cookies: string, now: number): Promise<Answer> {
    const headers = { ...introspectionHeaders, Cookie: cookies };
    const { status, body } = await fetchJson(introspectionUrl, headers);
    if (SIGNED_OUT.has(status)) return invalidSession(signedOutBy(status));
    if (status !== 200) throw new Error(`answered ${status}`);
    if (isNobody(body)) return invalidSession(DETAIL.notSignedIn);
    try {
      // The cache must be bounded.
      return sealSession(candidateFromJson(body, source), { now, sessionMs });
    } catch (error) {
      if (error instanceof Refusal) return error;
      throw error;
    }
  }

  async function askOnce(cookies: string, key: string, now: number): Promise<Answer> {
    const answer = await askApp(cookies, now);
    if (answer instanceof Refusal) failed.set(key, answer, now + FAILURE_KEPT_MS);
    // The app may extend a session and keep its cookie, so the app is asked again after its end.
    else good.set(key, answer, Math.min(now + KEPT_MS, answer.expiresAt));
    return answer;
  }

  async function ask(cookies: string, key: string, now: number): Promise<Answer> {
    return asking
      .run(key, () => askOnce(cookies, key, now))
      .catch((error) => {
        if (error instanceof Refusal) throw error;
        throw unavailable(`SESSION_INTROSPECTION_URL: ${messageOf(error)}`);
      });
  }

  return async (cookies, { now, beforeAsking }) => {
    // A credential itself is not kept in memory.
    const key = await digest(cookies);
    let answer = known(key, now);
    if (!answer) {
      await beforeAsking?.();
      // Another request may have asked while this one waited for its turn.
      answer = known(key, now) ?? (await ask(cookies, key, now));
    }
    if (answer instanceof Refusal) throw answer;
    return answer;
  };
}

/** Whether an answer means that nobody is signed in. */
function isNobody(body: unknown): boolean {
  if (body === undefined || body === null || body === false) return true;
  const record = recordOf(body);
  return typeof body === "object" && !Array.isArray(body)
    ? Object.keys(record).length === 0 || record["user"] === null
    : false;
}
