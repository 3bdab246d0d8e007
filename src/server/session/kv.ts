import { Refusal } from "../errors.ts";
import type { SessionFormat } from "./format.ts";
import { sessionFromJson } from "./session-json.ts";
import { messageOf, unavailable } from "./unavailable.ts";

/** 22 characters of base64url are 132 bits: nobody guesses one. */
const KEY = /^[\w-]{22,256}$/;

/**
 * An opaque key, whose session the app wrote to the KV namespace `SESSIONS` (SPEC A2); see `kv.md`.
 *
 * @example
 * const verify = kv.createVerifier(config.session);
 * const session = await verify(key, { now: Date.now(), allowsOrigin: () => false });
 */
export const kv: SessionFormat = {
  cookies: () => ["session"],
  needs: [["SESSIONS"]],
  createVerifier({ store, sessionMs }) {
    return async (token, { now }) => {
      if (!KEY.test(token)) throw new Refusal("session_invalid");
      const text = await store!.get(`session:${token}`).catch((error) => {
        throw unavailable(`SESSIONS: ${error instanceof Error ? error.name : messageOf(error)}`);
      });
      const session = text === null ? undefined : sessionFromJson(readJson(text), now, sessionMs);
      if (!session) throw new Refusal("session_invalid");
      return session;
    };
  },
};

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
