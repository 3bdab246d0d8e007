const FRAMES = 20;
const FRAMES_MS = 5_000;
const MINUTE_MS = 60_000;
const ANSWER_MS = 1_000;
const MAX_BAD = 10;
const MAX_FLOODED_SECONDS = 5;

/** What a connection did wrong in the last minute: times in milliseconds. It survives hibernation. */
export interface Offences {
  /** Of each bad frame (SPEC W11). */
  bad: number[];
  /** Of each second in which frames were dropped (SPEC W12). */
  flooded: number[];
}

/** `accept` the frame; `drop` it unanswered; `answer` with `rate_limited`; answer and `close`. */
export type FrameVerdict = "accept" | "drop" | "answer" | "close";

/**
 * Drops times that are older than the span, or lie ahead, as after the clock was set back; the array
 * stays the same.
 */
function forgetOutside(times: number[], spanMs: number, now: number): void {
  let old = 0;
  while (old < times.length && (times[old]! <= now - spanMs || times[old]! > now)) old++;
  times.splice(0, old);
}

/**
 * Counts a frame against the limit of {@link FRAMES} in any 5 s (SPEC W12). `accepted` holds the
 * times of the accepted ones and is changed, and so are the offences.
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

/** Counts a bad frame; the tenth in a minute is one too many (SPEC W11). */
export function countBadFrame(offences: Offences, now: number): "answer" | "close" {
  forgetOutside(offences.bad, MINUTE_MS, now);
  offences.bad.push(now);
  return offences.bad.length >= MAX_BAD ? "close" : "answer";
}
