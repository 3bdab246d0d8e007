/** How long a message is tried (SPEC H6). */
export const GIVE_UP_MS = 24 * 3_600_000;
const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 3_600_000;

/**
 * How long to wait after a number of failures: full jitter, so that the rooms of a receiver that
 * was down do not all come back at once. `random` is from 0 up to 1, the answer in milliseconds.
 *
 * @example
 * retryDelayMs(3, Math.random()); // 0 to 8,000
 */
export function retryDelayMs(failures: number, random: number): number {
  return Math.floor(random * Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** failures));
}

/** What becomes of a message that failed: another try, at a time in milliseconds, or nothing. */
export type RetryDecision = { kind: "retry"; at: number } | { kind: "dead" };

/** Decides after a failure; the last try is made when the time is up, `GIVE_UP_MS` after it was written. */
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
