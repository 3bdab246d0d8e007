/** For how long a message is retried (SPEC H6). */
export const GIVE_UP_MS = 24 * 3_600_000;
const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 3_600_000;

/**
 * How long to wait after a number of failures, in milliseconds. Full jitter keeps the rooms from
 * retrying all at once when a receiver is back. `random` is from 0 up to 1.
 *
 * @example
 * retryDelayMs(3, Math.random()); // 0 to 8,000
 */
export function retryDelayMs(failures: number, random: number): number {
  return Math.floor(random * Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** failures));
}

/** What to do with a failed message: try again at a time in milliseconds, or drop it. */
export type RetryDecision = { kind: "retry"; at: number } | { kind: "dead" };

/** Decides after a failure. The last attempt is made `GIVE_UP_MS` after the message was written. */
export function decideRetry(
  writtenAt: number,
  failures: number,
  now: number,
  random: number,
): RetryDecision {
  const giveUpAt = writtenAt + GIVE_UP_MS;
  if (now >= giveUpAt) return { kind: "dead" };
  return { kind: "retry", at: Math.min(now + retryDelayMs(failures, random), giveUpAt) };
}
