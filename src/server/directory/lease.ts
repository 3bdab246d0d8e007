const LEASE_MS = 3_600_000;

/** How soon a room wakes for a report that may have been lost (SPEC B9): 20 s of 45, in milliseconds. */
export function reportWithinMs(staleMs: number): number {
  return (staleMs * 4) / 9;
}

/**
 * How long an entry stays on the list unless the room reports again (SPEC B9), in milliseconds: an
 * hour, or six times as long as a room may take to report if that is longer.
 */
export function leaseFor(withinMs: number): number {
  return Math.max(LEASE_MS, 6 * withinMs);
}

/** After how long without a report a room is asked for its counts, in milliseconds. */
export function askAfterMs(withinMs: number): number {
  return 3 * withinMs;
}
