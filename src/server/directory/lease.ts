const LEASE_MS = 3_600_000;

/**
 * How long an entry stays on the list unless the room reports again (SPEC B9), in milliseconds: an
 * hour, or as long as six sweeps may take if that is longer.
 */
export function leaseFor(sweepWithinMs: number): number {
  return Math.max(LEASE_MS, 6 * sweepWithinMs);
}

/** After how long without a report a room is asked for its counts, in milliseconds. */
export function askAfterMs(sweepWithinMs: number): number {
  return 3 * sweepWithinMs;
}
