const DROPPED = 50;
/** In milliseconds. */
export const PAUSE_MS = 5;

/**
 * When a room that is flooded takes nothing in for {@link PAUSE_MS} (SPEC G2). The platform reads a
 * socket's next message as soon as the last one was handled, and looks for new connections and for
 * timers that are due only when nothing is left to handle. So a flood would keep everybody else waiting
 * for as long as it lasts. In a pause each flooding socket has one message that waits, the rest stays
 * in the network's buffers and holds up its sender, and the platform gets to everything else.
 */
export class FloodBrake {
  #dropped = 0;

  /** Counts a message that is dropped unread; returns whether to pause now. */
  pauses(): boolean {
    this.#dropped = (this.#dropped + 1) % DROPPED;
    return this.#dropped === 0;
  }
}
