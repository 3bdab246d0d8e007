import { MAX_LONG_FRAME_BYTES, MAX_FRAME_BYTES } from "../../protocol/client-frame.ts";

/** A client that does not wait for its welcome may send this many frames before it. */
const MAX_FRAMES = 20;
/** What so many frames may come to, and one token more, in characters. */
const MAX_LENGTH = MAX_FRAMES * MAX_FRAME_BYTES + MAX_LONG_FRAME_BYTES;

/**
 * A frame as it is passed on to the room. One that is binary or too long breaks the protocol
 * whatever it holds (SPEC W11), and so does the empty one that stands for it.
 */
export function toRoomFrame(frame: unknown): string {
  return typeof frame === "string" && frame.length <= MAX_LONG_FRAME_BYTES ? frame : "";
}

/** What a client sent while its token was judged: kept for the room, within bounds (SPEC T2). */
export class EarlyFrames {
  #frames: string[] = [];
  #length = 0;

  /** Keeps a frame; `false` where that is one too many. */
  keep(frame: unknown): boolean {
    const kept = toRoomFrame(frame);
    this.#frames.push(kept);
    this.#length += kept.length;
    return this.#frames.length <= MAX_FRAMES && this.#length <= MAX_LENGTH;
  }

  /** Answers what was kept, and forgets it. */
  release(): string[] {
    return this.#frames.splice(0);
  }
}
