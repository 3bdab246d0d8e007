import { createLocalJWKSet, errors } from "jose";
import type { JSONWebKeySet, JWTVerifyGetKey } from "jose";
import { SharedWork } from "../platform/shared-work.ts";
import { fetchJson } from "./fetch-json.ts";
import type { CheckContext } from "./format.ts";
import { messageOf, unavailable } from "./unavailable.ts";

/** After this the keys are fetched again, so that a withdrawn key is soon dropped. */
const MAX_AGE_MS = 600_000;
/** An unknown key id fetches the keys again, but at most this often. */
const COOLDOWN_MS = 30_000;
/** For how long a key server that failed is not asked again. */
const RETRY_MS = 5000;

type FindKey = ReturnType<typeof createLocalJWKSet>;

/**
 * The keys at a URL, cached for 10 minutes. jose's own remote key set drops its old keys while the
 * server is down; this one keeps using them.
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
   * Returns a function that finds the key a token names; `beforeAsking` is called before keys are
   * fetched.
   *
   * @throws Refusal `session_unavailable` if the key is not known and the server does not answer.
   * @throws JOSEError if the server answers and does not know it, or knows several.
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

  /** Fetches the keys, once for all requests that need them now. */
  async #fetch(beforeAsking: CheckContext["beforeAsking"]): Promise<boolean> {
    if (Date.now() - this.#failedAt < RETRY_MS) return false;
    const known = this.#fetchedAt;
    await beforeAsking?.();
    // Another request may have fetched them while this one waited for its turn.
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

/** In module scope, so that keys stay cached between requests. */
const keySets = new Map<string, KeySet>();

export function keySetAt(url: string): KeySet {
  let keySet = keySets.get(url);
  if (!keySet) keySets.set(url, (keySet = new KeySet(url)));
  return keySet;
}
