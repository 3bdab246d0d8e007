const FRAMES = 20;
const FRAMES_MS = 5_000;
const MINUTE_MS = 60_000;
const ANSWER_MS = 1_000;
const MAX_BAD = 10;
const MAX_FLOODED_SECONDS = 5;

/** The offences of a connection in the last minute: times in milliseconds. They survive hibernation. */
export interface Offences {
  /** The time of each bad frame (SPEC W11). */
  bad: number[];
  /** The time of each `rate_limited` answer (SPEC W12). */
  flooded: number[];
}

/** `accept` the frame; `drop` it unanswered; `answer` with `rate_limited`; answer and `close`. */
export type FrameVerdict = "accept" | "drop" | "answer" | "close";

/**
 * Removes times that are older than the span, or in the future after the clock was set back, from the
 * array.
 */
export function forgetOutside(times: number[], spanMs: number, now: number): void {
  let old = 0;
  while (old < times.length && (times[old]! <= now - spanMs || times[old]! > now)) old++;
  times.splice(0, old);
}

/**
 * Counts a frame against the limit of {@link FRAMES} in any 5 s (SPEC W12). Changes `accepted`, the
 * times of the accepted frames, and the offences.
 */
export function countFrame(accepted: number[], offences: Offences, now: number): FrameVerdict {
  forgetOutside(accepted, FRAMES_MS, now);
  if (accepted.length < FRAMES) {
    accepted.push(now);
    return "accept";
  }
  forgetOutside(offences.flooded, MINUTE_MS, now);
  const last = offences.flooded.at(-1);
  if (last !== undefined && now - last < ANSWER_MS) return "drop";
  offences.flooded.push(now);
  return offences.flooded.length >= MAX_FLOODED_SECONDS ? "close" : "answer";
}

/** Counts a bad frame; the tenth in a minute closes the connection (SPEC W11). */
export function countBadFrame(offences: Offences, now: number): "answer" | "close" {
  forgetOutside(offences.bad, MINUTE_MS, now);
  offences.bad.push(now);
  return offences.bad.length >= MAX_BAD ? "close" : "answer";
}
