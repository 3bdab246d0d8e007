import { LEFT, STALE } from "../protocol/close-codes.ts";
import { PING } from "../protocol/messages.ts";
import type { ClientFrame, ServerFrame } from "../protocol/messages.ts";
import { FIRST_WORD_MS, HANGS_AFTER_MS, PONG_MS } from "./times.ts";

export interface SocketEnd {
  /** 1006 where no close was received. */
  code: number;
  reason: string;
  /** Whether the room said anything at all. */
  wasTold: boolean;
}

/**
 * One WebSocket, from its opening to its end, which is told once. It counts as ended where nobody
 * answers in a bounded time: a lost network tells nothing, and a proxy may swallow frames.
 */
export class Socket {
  readonly #ws: WebSocket;
  readonly #onFrame: (frame: ServerFrame) => void;
  /** `null` once it has ended. */
  #onEnd: ((end: SocketEnd) => void) | null;
  readonly #begunAt = Date.now();
  #wasTold = false;
  #heartbeat: ReturnType<typeof setInterval> | undefined;
  #deadline: ReturnType<typeof setTimeout> | undefined;

  constructor(
    url: URL,
    WebSocket: new (url: string) => WebSocket,
    onFrame: (frame: ServerFrame) => void,
    onEnd: (end: SocketEnd) => void,
  ) {
    this.#onFrame = onFrame;
    this.#onEnd = onEnd;
    this.#ws = new WebSocket(url.href);
    this.#ws.addEventListener("message", ({ data }) => this.#hear(String(data)));
    this.#ws.addEventListener("close", ({ code, reason }) => this.#end(code, reason));
    // The close that follows tells it; but where nobody listens, Node ends the process.
    this.#ws.addEventListener("error", () => {});
    this.#deadline = setTimeout(() => this.drop(), FIRST_WORD_MS);
  }

  send(frame: ClientFrame): void {
    this.#say(JSON.stringify(frame));
  }

  /** Finds out soon whether the other side is still there. */
  check(): void {
    if (this.#wasTold) this.#ask();
    else if (Date.now() - this.#begunAt >= HANGS_AFTER_MS) this.#end(STALE, "");
  }

  /** Ends it with no word to the room, whose grace it then has (SPEC L4). */
  drop(): void {
    this.#end(1006, "");
  }

  /** Ends it for good; nothing more is told. The reason tells the room who closed (SPEC L4). */
  leave(): void {
    this.#onEnd = null;
    const close = () => {
      this.#ws.close(LEFT, "left");
      this.drop();
    };
    // A socket that is given up while it opens may be in the room already, for the grace (SPEC K19).
    if (this.#ws.readyState === 0) this.#ws.addEventListener("open", close);
    else close();
  }

  /** `ws` drops what is sent too late with a warning, and throws what is sent too early. */
  #say(text: string): void {
    if (this.#ws.readyState === 1) this.#ws.send(text);
  }

  #hear(text: string): void {
    if (!this.#onEnd) return;
    this.#wasTold = true;
    clearTimeout(this.#deadline);
    this.#deadline = undefined;
    if (!text.startsWith("{")) return;
    const frame = JSON.parse(text) as ServerFrame;
    if (frame.type === "welcome") this.#beatEvery(frame.heartbeat * 1000);
    if (frame.type === "probe") {
      // A number asks whether all that came before it was read (SPEC W14).
      this.#say(frame.n === undefined ? PING : JSON.stringify({ type: "alive", n: frame.n }));
    }
    this.#onFrame(frame);
  }

  /** Gives a sign of life every so often, and asks for one (SPEC L1). */
  #beatEvery(ms: number): void {
    clearInterval(this.#heartbeat);
    this.#heartbeat = setInterval(() => this.#ask(), ms);
  }

  /**
   * Asks once more before it gives up: of a page that was frozen, or a machine that slept, timers
   * are due before the messages that came meanwhile are heard.
   */
  #ask(isSecond = false): void {
    this.#say(PING);
    this.#deadline ??= setTimeout(() => {
      this.#deadline = undefined;
      if (isSecond) this.drop();
      else this.#ask(true);
    }, PONG_MS);
  }

  #end(code: number, reason: string): void {
    clearInterval(this.#heartbeat);
    clearTimeout(this.#deadline);
    const onEnd = this.#onEnd;
    this.#onEnd = null;
    this.#ws.close();
    onEnd?.({ code, reason, wasTold: this.#wasTold });
  }
}
