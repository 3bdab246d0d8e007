const LEASE_MS = 3_600_000;

/**
 * How long the list holds what a room tells, unless it tells again (SPEC B9), in milliseconds: an
 * hour, or six sweeps where that is longer.
 */
export function leaseFor(sweepEveryMs: number): number {
  return Math.max(LEASE_MS, 6 * sweepEveryMs);
}

/** How long a room may be silent before it is asked whether the list is right, in milliseconds. */
export function askAfterMs(sweepEveryMs: number): number {
  return 3 * sweepEveryMs;
}
