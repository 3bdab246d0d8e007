import { LEFT, STALE } from "../protocol/close-codes.ts";
import { PING } from "../protocol/messages.ts";
import type { ClientFrame, ServerFrame } from "../protocol/messages.ts";
import { REQUEST_MS, HANGS_AFTER_MS, PONG_MS } from "./times.ts";

export interface SocketEnd {
  /** 1006 if no close was received. */
  code: number;
  reason: string;
  /** Whether the room sent anything at all. */
  wasTold: boolean;
}

/**
 * One WebSocket, from its opening to its end, which is reported once. It counts as ended if there
 * is no answer in a limited time: a lost network reports nothing, and a proxy may swallow frames.
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
    // The close that follows reports it; but without a listener, Node ends the process.
    this.#ws.addEventListener("error", () => {});
    this.#deadline = setTimeout(() => this.drop(), REQUEST_MS);
  }

  send(frame: ClientFrame): void {
    this.#say(JSON.stringify(frame));
  }

  /** Tests soon whether the other side is still there. */
  check(): void {
    if (this.#wasTold) this.#ask();
    else if (Date.now() - this.#begunAt >= HANGS_AFTER_MS) this.#end(STALE, "");
  }

  /** Ends it without a goodbye, so that the room keeps the place for the grace period (SPEC L4). */
  drop(): void {
    this.#end(1006, "");
  }

  /**
   * Ends it permanently; nothing more is reported. The reason tells the room who closed (SPEC L4).
   */
  leave(): void {
    this.#onEnd = null;
    const close = () => {
      this.#ws.close(LEFT, "left");
      this.drop();
    };
    // A socket that is given up while it opens may be in the room already (SPEC K19).
    if (this.#ws.readyState === 0) this.#ws.addEventListener("open", close);
    else close();
  }

  /** `ws` warns about frames that are sent too late, and throws for those sent too early. */
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
    if (frame.type === "welcome") {
      clearInterval(this.#heartbeat);
      // A sign of life (SPEC L1).
      this.#heartbeat = setInterval(() => this.#ask(), frame.heartbeat * 1000);
    }
    if (frame.type === "probe") {
      // A number asks whether all that came before it was read (SPEC W14).
      if (frame.n === undefined) this.#say(PING);
      else this.send({ type: "alive", n: frame.n });
    }
    this.#onFrame(frame);
  }

  /**
   * Asks once more before it gives up: after a page was frozen, or a machine slept, timers fire
   * before the messages that came meanwhile are delivered.
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
