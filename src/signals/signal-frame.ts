import type { ClientFrame } from "../protocol/messages.ts";
import { MAX_SIGNAL_BYTES, MAX_SIGNAL_NAME, MAX_SIGNAL_RECEIVERS } from "../protocol/signal.ts";
import { isUserId } from "../protocol/user-id.ts";

export type SignalFrame = Extract<ClientFrame, { type: "signal" }>;

/** A frame with receivers may have 16 KiB (SPEC G1), in bytes. */
const MAX_FRAME_BYTES = 16_384;

/** Makes the frame of a signal; throws a `TypeError` if the room would refuse it (SPEC G1). */
export function signalFrame(name: string, data: unknown, to?: Iterable<string>): SignalFrame {
  const open: SignalFrame = { type: "signal", name, data };
  if (typeof name !== "string" || name === "" || name.length > MAX_SIGNAL_NAME) {
    throw new TypeError(`signal: a name has 1 to ${MAX_SIGNAL_NAME} characters.`);
  }
  if (bytesOf(open) > MAX_SIGNAL_BYTES) throw new TypeError("signal: over 1 KiB.");
  if (to === undefined) return open;
  const frame = { ...open, to: [...new Set(to)] };
  const isFit = frame.to.length <= MAX_SIGNAL_RECEIVERS && frame.to.every(isUserId);
  if (!isFit || bytesOf(frame) > MAX_FRAME_BYTES) {
    throw new TypeError(`signal: \`to\` has at most ${MAX_SIGNAL_RECEIVERS} ids of users.`);
  }
  return frame;
}

function bytesOf(frame: SignalFrame): number {
  return new Blob([JSON.stringify(frame)]).size;
}
