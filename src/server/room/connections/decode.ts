import * as v from "valibot";
import {
  aliveSchema,
  clientFrameSchema,
  fitsBytes,
  MAX_LONG_FRAME_BYTES,
  MAX_FRAME_BYTES,
  type ClientFrame,
} from "../../../protocol/client-frame.ts";
import { MAX_SIGNAL_BYTES } from "../../../protocol/signal.ts";

const idOnly = v.object({ id: v.pipe(v.string(), v.maxLength(64)) });

/** The frame types that may be longer than the others. */
const LONG_FRAMES: ReadonlySet<ClientFrame["type"]> = new Set(["auth", "watch", "signal"]);

/** A client frame, or `null` for a bad one, with its `id` if it had one. */
interface Decoded {
  frame: ClientFrame | null;
  id?: string;
}

/** Parses and checks a client's frame (SPEC W11). */
export function decodeFrame(message: string | ArrayBuffer): Decoded {
  if (typeof message !== "string" || !fitsBytes(message, MAX_LONG_FRAME_BYTES)) {
    return { frame: null };
  }
  let json: unknown;
  try {
    json = JSON.parse(message);
  } catch {
    return { frame: null };
  }
  const frame = v.safeParse(clientFrameSchema, json);
  const isLong = frame.success && LONG_FRAMES.has(frame.output.type);
  if (!isLong && !fitsBytes(message, MAX_FRAME_BYTES)) return { frame: null };
  if (frame.success && isShort(frame.output, message)) return { frame: frame.output };
  const named = v.safeParse(idOnly, json);
  return { frame: null, ...(named.success && { id: named.output.id }) };
}

/** A signal has a limit of its own, for which its receivers do not count. */
function isShort(frame: ClientFrame, message: string): boolean {
  if (frame.type !== "signal" || fitsBytes(message, MAX_SIGNAL_BYTES)) return true;
  const { to, ...rest } = frame;
  return to !== undefined && fitsBytes(JSON.stringify(rest), MAX_SIGNAL_BYTES);
}

/** Parses a `signal` (SPEC G1); any other frame costs little. */
export function decodeSignal(
  message: string | ArrayBuffer,
): Extract<ClientFrame, { type: "signal" }> | null {
  if (typeof message !== "string" || message.length > MAX_LONG_FRAME_BYTES) return null;
  if (!message.includes('"signal"')) return null;
  const { frame } = decodeFrame(message);
  return frame?.type === "signal" ? frame : null;
}

/** Longer than any `alive` of a real client. */
const MAX_ALIVE_LENGTH = 160;

/** Parses an `alive` (SPEC W14); any other frame costs little. */
export function decodeAlive(
  message: string | ArrayBuffer,
): Extract<ClientFrame, { type: "alive" }> | null {
  if (typeof message !== "string" || message.length > MAX_ALIVE_LENGTH) return null;
  if (!message.includes('"alive"')) return null;
  try {
    const frame = v.safeParse(aliveSchema, JSON.parse(message));
    return frame.success ? frame.output : null;
  } catch {
    return null;
  }
}
