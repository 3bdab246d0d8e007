/** More than the largest number of shards (SPEC N1), and a power of two: the fractions are exact. */
const FRACTIONS = 128;

/**
 * The time that a choice counts by: milliseconds, with the number of shards as a fraction. A user is in
 * one shard of each number, so two choices of theirs are never equal, and every part of the room agrees
 * which one is newer. `latest` is the newest choice of theirs that the shard knows, which the user has
 * seen: theirs comes after it, whatever the clocks of other shards said.
 *
 * @example
 * choiceTime(1_000, 8, 0); // 1000.0625
 */
export function choiceTime(now: number, of: number, latest: number): number {
  return Math.max(now, Math.floor(latest) + 1) + of / FRACTIONS;
}
