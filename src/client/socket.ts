import { PING } from "../protocol/messages.ts";
import type { ClientFrame, ServerFrame } from "../protocol/messages.ts";

/** From the start until the room says something; a tunnel or a hotel's network takes long. */
const FIRST_WORD_MS = 10_000;
/** From a `ping` until anything is heard, and where the network or the page was just away. */
const ANSWER_MS = 10_000;
const QUICK_ANSWER_MS = 5_000;
/** A timer later than this tells of a page that was frozen, or of a machine that slept. */
const LATE_MS = 1_000;

export interface SocketEnd {
  /** 1006 where no close was received. */
  code: number;
  reason: string;
  /** Whether the room said anything at all. */
  wasTold: boolean;
}

export interface SocketEvents {
  onFrame(frame: ServerFrame): void;
  onEnd(end: SocketEnd): void;
}

/**
 * One WebSocket, from its opening to its end, which is told once. It counts as ended where nobody
 * answers in a bounded time: a lost network tells nothing, and a proxy may swallow frames.
 */
export class Socket {
  readonly #ws: WebSocket;
  #events: SocketEvents | null;
  #wasTold = false;
  #heartbeat: ReturnType<typeof setInterval> | undefined;
  #deadline: ReturnType<typeof setTimeout> | undefined;
  #answerBy = Number.POSITIVE_INFINITY;

  constructor(url: URL, WebSocket: new (url: string) => WebSocket, events: SocketEvents) {
    this.#events = events;
    this.#ws = new WebSocket(url.href);
    this.#ws.addEventListener("message", ({ data }) => this.#hear(String(data)));
    this.#ws.addEventListener("close", ({ code, reason }) => this.#end(code, reason));
    // The close that follows tells it; but where nobody listens, Node ends the process.
    this.#ws.addEventListener("error", () => {});
    this.#expect(FIRST_WORD_MS);
  }

  send(frame: ClientFrame): void {
    this.#say(JSON.stringify(frame));
  }

  /** Asks for a sign of life every `seconds` (SPEC L1). */
  beatEvery(seconds: number): void {
    clearInterval(this.#heartbeat);
    this.#heartbeat = setInterval(() => {
      this.answerProbe();
      this.#expect(ANSWER_MS);
    }, seconds * 1000);
  }

  /** Gives a sign of life (SPEC L2). */
  answerProbe(): void {
    this.#say(PING);
  }

  /** Finds out soon whether the other side is still there. */
  check(): void {
    if (!this.#wasTold) return;
    this.answerProbe();
    this.#expect(QUICK_ANSWER_MS);
  }

  /** Ends it with no word to the room, whose grace it then has (SPEC L4). */
  drop(): void {
    this.#end(1006, "");
  }

  /** Ends it for good; nothing more is told. */
  close(code: number): void {
    this.#events = null;
    this.#end(code, "", code);
  }

  /** `ws` drops what is sent too late with a warning, and throws what is sent too early. */
  #say(text: string): void {
    if (this.#ws.readyState === 1) this.#ws.send(text);
  }

  #hear(text: string): void {
    if (this.#events === null) return;
    this.#wasTold = true;
    clearTimeout(this.#deadline);
    this.#answerBy = Number.POSITIVE_INFINITY;
    if (text.startsWith("{")) this.#events.onFrame(JSON.parse(text) as ServerFrame);
  }

  /** The socket ends unless something is heard in time, or sooner where that is expected already. */
  #expect(withinMs: number, isSecond = false): void {
    const answerBy = Date.now() + withinMs;
    if (answerBy >= this.#answerBy) return;
    this.#answerBy = answerBy;
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => {
      this.#answerBy = Number.POSITIVE_INFINITY;
      // What came while the page was frozen may be dispatched after the timers: look once more.
      if (isSecond || Date.now() < answerBy + LATE_MS) return this.drop();
      this.answerProbe();
      this.#expect(QUICK_ANSWER_MS, true);
    }, withinMs);
  }

  #end(code: number, reason: string, closeCode?: number): void {
    clearInterval(this.#heartbeat);
    clearTimeout(this.#deadline);
    const events = this.#events;
    this.#events = null;
    this.#ws.close(closeCode);
    events?.onEnd({ code, reason, wasTold: this.#wasTold });
  }
}
