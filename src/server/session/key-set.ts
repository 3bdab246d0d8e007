import { createLocalJWKSet, errors } from "jose";
import type { JSONWebKeySet, JWTVerifyGetKey } from "jose";
import { SharedWork } from "../platform/shared-work.ts";
import { fetchJson } from "./fetch-json.ts";
import type { CheckContext } from "./format.ts";
import { messageOf, unavailable } from "./unavailable.ts";

/** After this the keys are fetched anew, so that one that was withdrawn is soon forgotten. */
const MAX_AGE_MS = 600_000;
/** An unknown key id fetches the keys anew, but nobody can make it do so more often than this. */
const COOLDOWN_MS = 30_000;
/** A key server that failed is left alone for so long; nobody waits for it meanwhile. */
const RETRY_MS = 5000;

type FindKey = ReturnType<typeof createLocalJWKSet>;

/**
 * The keys at a URL, cached for 10 minutes. jose's own remote key set forgets its keys when they
 * are old and the server is down; this one goes on with the last good ones.
 *
 * @example
 * const { payload } = await jwtVerify(token, keySetAt("https://id.example.com/jwks").finder());
 */
class KeySet {
  readonly #url: string;
  #findKey: FindKey | undefined;
  #fetchedAt = Number.NEGATIVE_INFINITY;
  #failedAt = Number.NEGATIVE_INFINITY;
  #failure = "";
  readonly #fetching = new SharedWork<boolean>();

  constructor(url: string) {
    this.#url = url;
  }

  /**
   * Makes what finds the key that a token names; `beforeAsking` is called before keys are fetched.
   *
   * @throws Refusal `session_unavailable` where the key is not known and the server does not answer.
   * @throws JOSEError where the server answers and does not know it, or knows several.
   */
  finder(beforeAsking?: CheckContext["beforeAsking"]): JWTVerifyGetKey {
    return async (header, token) => {
      if (Date.now() - this.#fetchedAt >= MAX_AGE_MS) await this.#fetch(beforeAsking);
      if (!this.#findKey) throw unavailable(this.#failure);
      try {
        return await this.#findKey(header, token);
      } catch (error) {
        const isKnown = !(error instanceof errors.JWKSNoMatchingKey);
        if (isKnown || Date.now() - this.#fetchedAt < COOLDOWN_MS) throw error;
        if (!(await this.#fetch(beforeAsking))) throw unavailable(this.#failure);
        return this.#findKey(header, token);
      }
    };
  }

  /** Fetches the keys, once for all who need them now. */
  async #fetch(beforeAsking: CheckContext["beforeAsking"]): Promise<boolean> {
    if (Date.now() - this.#failedAt < RETRY_MS) return false;
    const known = this.#fetchedAt;
    await beforeAsking?.();
    // Others may have done so while this one waited for its turn.
    if (this.#fetchedAt !== known) return true;
    return this.#fetching
      .run(this.#url, () => this.#load())
      .catch((error) => {
        this.#failure = `the key server: ${messageOf(error)}`;
        return false;
      });
  }

  async #load(): Promise<boolean> {
    try {
      const { status, body } = await fetchJson(this.#url);
      if (status !== 200) throw new Error(`answered ${status}`);
      this.#findKey = createLocalJWKSet(body as JSONWebKeySet);
      this.#fetchedAt = Date.now();
      return true;
    } catch (error) {
      this.#failedAt = Date.now();
      this.#failure = `the key server: ${messageOf(error)}`;
      return false;
    }
  }
}

/** In module scope, so that keys stay cached from one request to the next. */
const keySets = new Map<string, KeySet>();

export function keySetAt(url: string): KeySet {
  let keySet = keySets.get(url);
  if (!keySet) keySets.set(url, (keySet = new KeySet(url)));
  return keySet;
}
