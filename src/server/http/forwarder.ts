import { PING, PONG } from "../../protocol/messages.ts";

/** After so many frames the room is asked whether it has taken them. */
export const WINDOW = 64;

/**
 * Forwards a client's frames to its room, and drops what the room does not take in time (SPEC T2).
 * The platform queues without a limit what waits for a room, and a flooded room takes it slowly (SPEC
 * G2). So a `ping` follows after each {@link WINDOW} frames: the platform answers it when the room has
 * taken all before it, and until then one more window is forwarded.
 */
export class Forwarder {
  readonly #send: (frame: string) => void;
  /** How many were forwarded since the last question. */
  #sent = 0;
  #isAsked = false;
  /** The client's own pings before the question that are not answered yet, and those after it. */
  #pingsBefore = 0;
  #pingsAfter = 0;

  constructor(send: (frame: string) => void) {
    this.#send = send;
  }

  forward(frame: string): void {
    if (this.#isAsked && this.#sent === WINDOW) return;
    this.#sent++;
    if (frame === PING) this.#pingsAfter++;
    this.#send(frame);
    if (!this.#isAsked && this.#sent === WINDOW) this.#ask();
  }

  /** Takes a frame of the room; returns whether it is for the client. */
  hears(frame: unknown): boolean {
    if (frame !== PONG) return true;
    if (this.#isAsked && this.#pingsBefore === 0) {
      this.#isAsked = false;
      if (this.#sent === WINDOW) this.#ask();
      return false;
    }
    if (this.#isAsked) this.#pingsBefore--;
    else this.#pingsAfter--;
    return true;
  }

  #ask(): void {
    this.#isAsked = true;
    this.#sent = 0;
    this.#pingsBefore = this.#pingsAfter;
    this.#pingsAfter = 0;
    this.#send(PING);
  }
}
