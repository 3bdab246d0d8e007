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
  /** How many like it came with it: signals that follow each other are one line. */
  times: number;
  bytes: number;
  /** The whole of it, or of the last one, to read. */
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
/** How often listeners are called at most: signals come 30 times a second. */
const TELL_MS = 100;
/** Among how many of the newest lines a signal looks for its like, which is at most so old. */
const NEAR = 4;
const NEAR_MS = 10_000;

const encoder = new TextEncoder();
const listeners = new Set<() => void>();
let traffic: Traffic = { frames: [], bytes: { received: 0, sent: 0 }, count: 0 };
let shown = traffic;
let timer: number | undefined;

export function addFrame(room: string, direction: LoggedFrame["direction"], text: string): void {
  const { frames, count } = traffic;
  const bytes = encoder.encode(text).byteLength;
  const from = { number: count + 1, room, direction, at: Date.now(), times: 1, bytes };
  traffic = {
    frames: add({ ...from, ...read(room, text) }, frames),
    bytes: { ...traffic.bytes, [direction]: traffic.bytes[direction] + bytes },
    count: count + 1,
  };
  timer ??= window.setTimeout(tell, TELL_MS);
}

function tell(): void {
  timer = undefined;
  shown = traffic;
  for (const listener of listeners) listener();
}

function add(frame: LoggedFrame, frames: readonly LoggedFrame[]): LoggedFrame[] {
  const isLike = ({ room, direction, type, at }: LoggedFrame) =>
    room === frame.room &&
    direction === frame.direction &&
    type === frame.type &&
    at > frame.at - NEAR_MS;
  const like = frame.type.startsWith("signal") ? frames.slice(0, NEAR).find(isLike) : undefined;
  if (!like) return [frame, ...frames.slice(0, MOST - 1)];
  const { number, at } = like;
  const joined = {
    ...frame,
    number,
    at,
    times: like.times + 1,
    bytes: like.bytes + frame.bytes,
  };
  return frames.map((each) => (each === like ? joined : each));
}

function read(room: string, text: string): Pick<LoggedFrame, "type" | "text" | keyof FrameWords> {
  if (!text.startsWith("{")) return { type: text, text, lead: "", rest: "heartbeat" };
  const frame = JSON.parse(text) as ServerFrame | ClientFrame;
  noteFrame(room, frame as ServerFrame);
  const shown = frame.type === "auth" ? { ...frame, token: "…" } : frame;
  return { type: frame.type, text: JSON.stringify(shown, null, 2), ...describeFrame(shown) };
}

export function readTraffic(): Traffic {
  return shown;
}

export function subscribeToTraffic(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
