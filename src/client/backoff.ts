import { BACKOFF_MS, MOST_BACKOFF_MS } from "./times.ts";

/**
 * How long to wait before an attempt to reconnect, in milliseconds: full jitter over a span that
 * doubles, so that a room's crowd does not come back in step after a deploy. `random` is in [0, 1).
 *
 * @example
 * backoffMs(0, Math.random()); // below 1,000
 */
export function backoffMs(attempt: number, random: number): number {
  return random * Math.min(MOST_BACKOFF_MS, BACKOFF_MS * 2 ** attempt);
}
