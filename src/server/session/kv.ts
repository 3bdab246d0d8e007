import { candidateFromJson, JSON_SOURCE, withClaims } from "./candidate.ts";
import { DETAIL, invalidSession } from "./details.ts";
import type { SessionFormat } from "./format.ts";
import { messageOf, unavailable } from "./unavailable.ts";

/** 22 characters of base64url are 132 bits, which cannot be guessed. */
const KEY = /^[\w-]{22,256}$/;

/**
 * An opaque key to a session that the app wrote to the KV namespace `SESSIONS` (SPEC A2); see
 * `kv.md`.
 *
 * @example
 * const verify = kv.createVerifier(config.session);
 * const session = await verify(key, { now: Date.now(), allowsOrigin: () => false });
 */
export const kv: SessionFormat = {
  cookies: () => ["session"],
  needs: [["SESSIONS"]],
  createVerifier({ store, claims }) {
    const source = withClaims(JSON_SOURCE, claims);
    return async (token, { beforeAsking }) => {
      if (!KEY.test(token)) throw invalidSession(DETAIL.notSignedIn);
      await beforeAsking?.();
      const text = await store!.get(`session:${token}`).catch((error) => {
        throw unavailable(`SESSIONS: ${error instanceof Error ? error.name : messageOf(error)}`);
      });
      if (text === null) throw invalidSession(DETAIL.notSignedIn);
      return candidateFromJson(readJson(text), source);
    };
  },
};

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalidSession(DETAIL.notJson);
  }
}
