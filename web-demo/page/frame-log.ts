import type { ClientFrame, ServerFrame } from "../../src/protocol/messages.ts";
import { describeFrame, type FrameWords } from "./describe-frame.ts";
import { noteFrame } from "./room-facts.ts";

/** A frame that a room's socket received or sent. */
export interface LoggedFrame extends FrameWords {
  /** Counts up. */
  number: number;
  room: string;
  direction: "received" | "sent";
  /** In milliseconds since 1970. */
  at: number;
  /** Its `type`, or a whole bare string. */
  type: string;
  bytes: number;
  /** The whole of it, to read. */
  text: string;
}

/** What this page's rooms have sent and received since it was loaded. */
export interface Traffic {
  /** Newest first. */
  frames: readonly LoggedFrame[];
  bytes: Readonly<Record<LoggedFrame["direction"], number>>;
  count: number;
}

const MOST = 100;

const encoder = new TextEncoder();
const listeners = new Set<() => void>();
let traffic: Traffic = { frames: [], bytes: { received: 0, sent: 0 }, count: 0 };

export function addFrame(room: string, direction: LoggedFrame["direction"], text: string): void {
  const { frames, count } = traffic;
  const bytes = encoder.encode(text).byteLength;
  const frame = { number: count + 1, room, direction, at: Date.now(), bytes, ...read(room, text) };
  traffic = {
    frames: [frame, ...frames.slice(0, MOST - 1)],
    bytes: { ...traffic.bytes, [direction]: traffic.bytes[direction] + bytes },
    count: frame.number,
  };
  for (const listener of listeners) listener();
}

function read(room: string, text: string): Pick<LoggedFrame, "type" | "text" | keyof FrameWords> {
  if (!text.startsWith("{")) return { type: text, text, lead: "", rest: "heartbeat" };
  const frame = JSON.parse(text) as ServerFrame | ClientFrame;
  noteFrame(room, frame as ServerFrame);
  const shown = frame.type === "auth" ? { ...frame, token: "…" } : frame;
  return { type: frame.type, text: JSON.stringify(shown, null, 2), ...describeFrame(shown) };
}

export function readTraffic(): Traffic {
  return traffic;
}

export function subscribeToTraffic(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
