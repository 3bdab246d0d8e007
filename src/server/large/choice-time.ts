/** More than the largest number of shards (SPEC N1), and a power of two: the fractions are exact. */
const FRACTIONS = 128;

/**
 * The time of a choice: milliseconds, with the number of shards as a fraction. A user is in one shard of
 * each generation, so two choices of a user never have the same time, and every part of the room agrees
 * which one is newer. `latest` is the user's newest choice that the shard knows, which the user has seen:
 * the new one comes after it, whatever the clocks of other shards said.
 *
 * @example
 * choiceTime(1_000, 8, 0); // 1000.0625
 */
export function choiceTime(now: number, of: number, latest: number): number {
  return Math.max(now, Math.floor(latest) + 1) + of / FRACTIONS;
}
