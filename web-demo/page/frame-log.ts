/** A frame that a room's socket received or sent. */
export interface LoggedFrame {
  /** Counts up. */
  number: number;
  room: string;
  direction: "received" | "sent";
  /** In milliseconds since 1970. */
  at: number;
  /** Its `type`, or a whole bare string. */
  type: string;
  /** The rest of it, as JSON. */
  rest: string;
}

const MOST = 100;

const listeners = new Set<() => void>();
/** Newest first. */
let frames: readonly LoggedFrame[] = [];

export function addFrame(room: string, direction: LoggedFrame["direction"], text: string): void {
  const number = (frames[0]?.number ?? 0) + 1;
  const frame = { number, room, direction, at: Date.now(), ...describe(text) };
  frames = [frame, ...frames.slice(0, MOST - 1)];
  for (const listener of listeners) listener();
}

function describe(text: string): Pick<LoggedFrame, "type" | "rest"> {
  if (!text.startsWith("{")) return { type: text, rest: "" };
  const { type, ...rest } = JSON.parse(text) as { type: string };
  return { type, rest: JSON.stringify(rest) };
}

export function readFrames(): readonly LoggedFrame[] {
  return frames;
}

export function subscribeToFrames(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
