import { digest } from "../digest.ts";
import { Refusal } from "../errors.ts";
import type { RoomSession } from "../room-request.ts";
import { candidateFromJson } from "./candidate.ts";
import { DETAIL, invalidSession } from "./details.ts";
import { fetchJson } from "./fetch-json.ts";
import { cookieNames, type SessionFormat } from "./format.ts";
import { sealSession } from "./seal.ts";
import { messageOf, unavailable } from "./unavailable.ts";

const KEPT_MS = 10_000;
const MAX_KEPT = 1000;

/** What a cookie's value may consist of: a bearer token of anything else could smuggle in another. */
const COOKIE_VALUE = /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]+$/;

/** What the app said of a credential: a session, or why it is none. */
interface Answer {
  session: RoomSession | Refusal;
  keptUntil: number;
}

/**
 * Any session at all: the app is asked whose it is (SPEC A2); see `introspection.md`.
 *
 * @example
 * const verify = introspection.createVerifier(config.session);
 * const session = await verify(token, { now: Date.now(), allowsOrigin: () => false });
 */
export const introspection: SessionFormat = {
  cookies: () => ["session"],
  needs: [["SESSION_INTROSPECTION_URL"]],
  createVerifier(config) {
    const { introspectionUrl = "", sessionMs } = config;
    const [name] = cookieNames(introspection, config);
    const kept = new Map<string, Answer>();

    function keep(key: string, session: Answer["session"], now: number): void {
      // The oldest goes first: a map keeps the order in which its keys came.
      kept.delete(key);
      for (const oldest of kept.keys()) {
        if (kept.size < MAX_KEPT) break;
        kept.delete(oldest);
      }
      // The app may prolong a session whose cookie stays the same: one that has ended is asked about anew.
      const endsAt = session instanceof Refusal ? Infinity : session.expiresAt;
      kept.set(key, { session, keptUntil: Math.min(now + KEPT_MS, endsAt) });
    }

    async function askApp(header: string, now: number): Promise<Answer["session"]> {
      const answer = await fetchJson(introspectionUrl, { Cookie: header }).catch((error) => {
        throw unavailable(`SESSION_INTROSPECTION_URL: ${messageOf(error)}`);
      });
      if (answer.status === 401 || answer.status === 403) return invalidSession(DETAIL.notSignedIn);
      if (answer.status !== 200) {
        throw unavailable(`SESSION_INTROSPECTION_URL: answered ${answer.status}`);
      }
      try {
        // What is kept must be bounded.
        return sealSession(candidateFromJson(answer.body), { now, sessionMs });
      } catch (error) {
        if (error instanceof Refusal) return error;
        throw error;
      }
    }

    return async (token, { now, cookie }) => {
      if (token === "" || (!cookie && !COOKIE_VALUE.test(token)))
        throw invalidSession(DETAIL.notSignedIn);
      const header = cookie?.header ?? `${String(name)}=${token}`;
      // A credential itself is not kept in memory.
      const key = await digest(header);
      const known = kept.get(key);
      if (known && known.keptUntil > now) return orThrow(known.session);
      const session = await askApp(header, now);
      keep(key, session, now);
      return orThrow(session);
    };
  },
};

function orThrow(session: Answer["session"]): RoomSession {
  if (session instanceof Refusal) throw session;
  return session;
}
