/** Answers what a token says, or throws. */
type Check<Result> = (token: string, now: number) => Promise<Result>;

interface Good<Result> {
  result: Result;
  from: number;
  until: number;
}

/** A key that is withdrawn does not live on here for longer. */
const MAX_AGE_MS = 60_000;
const MAX_TOKENS = 500;

/**
 * Remembers tokens that were found good, since a backend asks with the same one time and again: for
 * a minute, never beyond their expiry, and only the latest {@link MAX_TOKENS}.
 *
 * @example
 * const check = rememberGood(readSession, (session) => session.expiresAt);
 */
export function rememberGood<Result>(
  check: Check<Result>,
  expiryOf: (result: Result) => number,
): Check<Result> {
  const good = new Map<string, Good<Result>>();
  return async (token, now) => {
    const known = good.get(token);
    if (known && now >= known.from && now < known.until) return known.result;
    good.delete(token);
    const result = await check(token, now);
    const until = Math.min(now + MAX_AGE_MS, expiryOf(result));
    if (until > now) good.set(token, { result, from: now, until });
    if (good.size > MAX_TOKENS) good.delete(good.keys().next().value!);
    return result;
  };
}
