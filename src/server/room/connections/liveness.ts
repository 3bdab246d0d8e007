/**
 * How a room finds connections that vanished without a close (SPEC L1–L3). Clients send `ping` every
 * heartbeat, and the platform answers without waking the room. A sweep looks at when every
 * connection was last heard. One that has been silent for `probeAfterMs` is sent a probe, and is
 * stale if it has not answered `answerMs` later. The next sweep comes when the connection that has
 * been silent longest would have to be probed: each alarm costs a row, and a heartbeat costs nothing.
 *
 * A silent connection is found after probeAfter + answer = 0.94 of the stale time. The rest is for
 * late alarms.
 */
export interface Timing {
  /** The `heartbeat` of `welcome`: whole seconds, shorter than `probeAfterMs`. */
  heartbeatSeconds: number;
  /** Also the longest time between two sweeps. */
  probeAfterMs: number;
  answerMs: number;
}

/** Derives all of a room's timing from `STALE_SECONDS`: 45 s give a heartbeat of 9 s. */
export function timingFor(staleMs: number): Timing {
  return {
    heartbeatSeconds: Math.max(1, Math.floor(staleMs / 5000)),
    probeAfterMs: staleMs * 0.84,
    answerMs: staleMs * 0.1,
  };
}

/** The signs of life of a connection, in milliseconds since 1970. */
export interface Pulse {
  heardAt: number;
  /** When it was last probed, `null` for never. */
  probedAt: number | null;
}

/** `alive`: nothing to do; `probe`: send one; `waiting`: one is out; `stale`: remove it. */
export type Verdict = "alive" | "probe" | "waiting" | "stale";

/** Judges a connection; one that was heard since its probe is alive, however late (SPEC L2). */
export function judge({ heardAt, probedAt }: Pulse, now: number, timing: Timing): Verdict {
  if (probedAt !== null && heardAt < probedAt) {
    return now - probedAt >= timing.answerMs ? "stale" : "waiting";
  }
  return now - heardAt >= timing.probeAfterMs ? "probe" : "alive";
}

/** When to judge a connection again that is not stale. */
export function judgeAgainAt({ heardAt, probedAt }: Pulse, timing: Timing): number {
  if (probedAt !== null && heardAt < probedAt) return probedAt + timing.answerMs;
  return heardAt + timing.probeAfterMs;
}
