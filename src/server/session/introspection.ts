import { digest } from "../platform/digest.ts";
import { Refusal } from "../errors.ts";
import { ExpiringMap } from "../platform/expiring-map.ts";
import type { RoomSession } from "../room/room-request.ts";
import { SharedWork } from "../platform/shared-work.ts";
import { candidateFromJson } from "./candidate.ts";
import { DETAIL, invalidSession } from "./details.ts";
import { fetchJson } from "./fetch-json.ts";
import { cookieNames, type SessionFormat } from "./format.ts";
import { sealSession } from "./seal.ts";
import { messageOf, unavailable } from "./unavailable.ts";

const KEPT_MS = 10_000;
/** People sign in on the session that they had before. */
const FAILURE_KEPT_MS = 1_000;
const MAX_KEPT = 1000;

/** What a cookie's value may consist of: a bearer token of anything else could smuggle in another. */
const COOKIE_VALUE = /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]+$/;

/** What the app said of a credential: a session, or why it is none. */
type Answer = RoomSession | Refusal;

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
    // Apart, so that no number of strangers makes it forget a session.
    const good = new ExpiringMap<RoomSession>(MAX_KEPT);
    const failed = new ExpiringMap<Refusal>(MAX_KEPT);
    const asking = new SharedWork<Answer>();

    const known = (key: string, now: number): Answer | undefined =>
      good.get(key, now) ?? failed.get(key, now);

    async function askApp(header: string, now: number): Promise<Answer> {
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

    async function askOnce(header: string, key: string, now: number): Promise<Answer> {
      const answer = await askApp(header, now);
      if (answer instanceof Refusal) failed.set(key, answer, now + FAILURE_KEPT_MS);
      // The app may prolong a session whose cookie stays the same: one that has ended is asked about anew.
      else good.set(key, answer, Math.min(now + KEPT_MS, answer.expiresAt));
      return answer;
    }

    async function ask(header: string, key: string, now: number): Promise<Answer> {
      return asking
        .run(key, () => askOnce(header, key, now))
        .catch((error) => {
          if (error instanceof Refusal) throw error;
          throw unavailable(`SESSION_INTROSPECTION_URL: ${messageOf(error)}`);
        });
    }

    return async (token, { now, cookie, beforeAsking }) => {
      if (token === "" || (!cookie && !COOKIE_VALUE.test(token)))
        throw invalidSession(DETAIL.notSignedIn);
      const header = cookie?.header ?? `${String(name)}=${token}`;
      // A credential itself is not kept in memory.
      const key = await digest(header);
      let answer = known(key, now);
      if (!answer) {
        await beforeAsking?.();
        // Another may have asked while this one waited for its turn.
        answer = known(key, now) ?? (await ask(header, key, now));
      }
      if (answer instanceof Refusal) throw answer;
      return answer;
    };
  },
};
