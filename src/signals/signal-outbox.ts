import type { Signalling } from "../client/types.ts";
import { warn } from "../client/warn.ts";
import type { SignalFrame } from "./signal-frame.ts";

/** Between signals: fewer than the room takes (SPEC G2), since a network may deliver some late. */
const SIGNAL_MS = 40;

/**
 * The signals of one connection that wait to be sent: the last of each name, the first that came
 * first. What cannot be sent when it is due is dropped, since it is no longer true later.
 */
export class SignalOutbox {
  readonly #connection: Signalling;
  readonly #waiting = new Map<string, SignalFrame>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(connection: Signalling) {
    this.#connection = connection;
  }

  put(frame: SignalFrame): void {
    this.#waiting.set(frame.name, frame);
    if (this.#timer === undefined) this.#sendNext();
  }

  #sendNext = (): void => {
    this.#timer = undefined;
    const [frame] = this.#waiting.values();
    if (!frame) return;
    this.#waiting.delete(frame.name);
    if (this.#maySend) this.#connection.say(frame);
    this.#timer = setTimeout(this.#sendNext, SIGNAL_MS);
  };

  get #maySend(): boolean {
    const { state, welcome } = this.#connection;
    const takesSignals = welcome && "signals" in welcome;
    if (takesSignals === false) warn("This service takes no signals. Check SIGNALS.", "");
    const isHidden = globalThis.document?.visibilityState === "hidden";
    const isShown = state.connection === "online" && state.self?.chosen !== "offline";
    return takesSignals === true && isShown && !isHidden;
  }
}
