import { Caller, endOfMinute } from "./caller.ts";
import { Refusal } from "../errors.ts";
import { ExpiringMap } from "../platform/expiring-map.ts";
import { networkOf } from "../platform/ip-address.ts";
import type { RequestContext } from "./request-context.ts";

const MAX_USERS = 2_000;

/**
 * The address of a request as it is counted. The platform sets it, and replaces what a caller writes
 * there. `null` if another Worker calls and does not pass it on.
 */
export function addressOf(request: Request): string | null {
  const address = request.headers.get("CF-Connecting-IP");
  return address && networkOf(address);
}

/** The caller who sends the credential of a request. */
export function callerOf({ config, request }: RequestContext): Caller {
  return new Caller(config.env.CONNECTS, () => addressOf(request));
}

const keyOf = (user: string) => ({ key: `user:${user}` });

/**
 * Counts a connect of a user; the limit is set in `wrangler.jsonc` (SPEC A7).
 *
 * @throws Refusal `rate_limited`.
 */
export async function countConnect(limiter: RateLimit | undefined, user: string): Promise<void> {
  if (!limiter) return;
  const { success } = await limiter.limit(keyOf(user));
  if (!success) throw new Refusal("rate_limited", user);
}

/** Users over the limit, until the minute ends: the limiter is asked in parallel with the room. */
const over = new ExpiringMap<true>(MAX_USERS);

/**
 * Counts a read of a user without delaying it. A user who is already over the limit is refused at
 * once (SPEC A7).
 *
 * @throws Refusal `rate_limited`, at once or by its promise.
 */
export function countRead(limiter: RateLimit | undefined, user: string): Promise<void> | undefined {
  if (!limiter) return undefined;
  const now = Date.now();
  if (over.get(user, now)) throw new Refusal("rate_limited", user);
  return limiter.limit(keyOf(user)).then(({ success }) => {
    if (success) return;
    over.set(user, true, endOfMinute(now));
    throw new Refusal("rate_limited", user);
  });
}
