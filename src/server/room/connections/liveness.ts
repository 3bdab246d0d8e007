/**
 * How a room finds connections that vanished without a close (SPEC L1–L3). Clients send `ping` every
 * heartbeat, and the platform answers without waking the room. Each sweep looks at when every
 * connection was last heard. One that has been silent for `probeAfterMs` is sent a probe, and is
 * stale if it has not answered `answerMs` later.
 *
 * At worst a connection dies just before a sweep would have probed it, and is found at the next:
 * probeAfter + sweepEvery + answer = 0.97 of the stale time. The rest is for a late alarm.
 */
export interface Timing {
  /** The `heartbeat` of `welcome`: whole seconds, shorter than `probeAfterMs`. */
  heartbeatSeconds: number;
  probeAfterMs: number;
  sweepEveryMs: number;
  answerMs: number;
}

/** Derives all of a room's timing from `STALE_SECONDS`: 45 s give a heartbeat of 15 s and a sweep every 20 s. */
export function timingFor(staleMs: number): Timing {
  return {
    heartbeatSeconds: Math.floor(staleMs / 3000),
    probeAfterMs: staleMs * 0.375,
    sweepEveryMs: (staleMs * 4) / 9,
    answerMs: staleMs * 0.15,
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
