import { MAX_LONG_FRAME_BYTES, MAX_FRAME_BYTES } from "../../protocol/client-frame.ts";

/** How many frames a client may send before its welcome. */
const MAX_FRAMES = 20;
/** The total length of that many frames and one more token, in characters. */
const MAX_LENGTH = MAX_FRAMES * MAX_FRAME_BYTES + MAX_LONG_FRAME_BYTES;

/**
 * A frame as it is forwarded to the room. A binary or overlong frame breaks the protocol whatever its
 * content (SPEC W11), and so does the empty frame that replaces it.
 */
export function toRoomFrame(frame: unknown): string {
  return typeof frame === "string" && frame.length <= MAX_LONG_FRAME_BYTES ? frame : "";
}

/**
 * The frames that a client sent while its token was checked: kept for the room, within limits (SPEC
 * T2).
 */
export class EarlyFrames {
  #frames: string[] = [];
  #length = 0;

  /** Keeps a frame; returns `false` if that is one too many. */
  keep(frame: unknown): boolean {
    const kept = toRoomFrame(frame);
    this.#frames.push(kept);
    this.#length += kept.length;
    return this.#frames.length <= MAX_FRAMES && this.#length <= MAX_LENGTH;
  }

  /** Returns the kept frames, and drops them. */
  release(): string[] {
    return this.#frames.splice(0);
  }
}
