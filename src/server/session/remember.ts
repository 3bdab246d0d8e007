import { ExpiringMap } from "../platform/expiring-map.ts";
import type { CheckContext } from "./format.ts";

/** Returns a token's contents, or throws. */
type Check<Result> = (token: string, context: CheckContext) => Promise<Result>;

/** How long a token stays valid here after its key is withdrawn. */
const MAX_AGE_MS = 60_000;
const MAX_TOKENS = 500;

/**
 * Remembers valid tokens, since clients present the same one repeatedly: for a minute, never beyond
 * their expiry, and only the latest {@link MAX_TOKENS}. Invalid tokens are not kept, so that they cannot
 * displace good ones.
 *
 * @example
 * const check = rememberGood(readSession, (session) => session.expiresAt);
 */
export function rememberGood<Result>(
  check: Check<Result>,
  expiryOf: (result: Result) => number,
): Check<Result> {
  const good = new ExpiringMap<{ result: Result; from: number }>(MAX_TOKENS);
  return async (token, context) => {
    const { now } = context;
    const known = good.get(token, now);
    if (known && now >= known.from) return known.result;
    const result = await check(token, context);
    const until = Math.min(now + MAX_AGE_MS, expiryOf(result));
    if (until > now) good.set(token, { result, from: now }, until);
    return result;
  };
}
