import { type ClientOptions, WebSocket } from "ws";
import {
  joinRoom,
  type JoinOptions,
  type RoomHandle,
  type RoomState,
} from "../../src/client/index.ts";
import type { ServerFrame } from "../../src/protocol/messages.ts";
import { eventually } from "./client-kit.ts";

/**
 * How long a socket that both sides have closed waits for the connection under it to end. The
 * platform may leave that open for 10 s; browsers do not wait that long either.
 */
const CLOSE_TIMEOUT_MS = 500;

/** One socket that the client opened, or tried to. */
export interface Attempt {
  readonly ws: WebSocket;
  readonly url: URL;
  readonly received: ServerFrame[];
  readonly sent: string[];
  /** The close code; `null` while it is open, 1006 where it never was. */
  closed: number | null;
}

export interface ObserveOptions extends JoinOptions {
  /** Headers for every request, like a browser's cookies; read again each time. */
  headers?: () => Record<string, string>;
  /** Where the next socket leads instead of the room; `undefined` lets it through. */
  misdirect?: (attempt: number) => string | undefined;
  /** Whether a frame of the client's is lost on its way. */
  loses?: (text: string) => boolean;
}

/** The project's own client, and everything that went over its sockets. */
export class ObservedClient {
  readonly room: RoomHandle;
  readonly attempts: Attempt[] = [];
  /** The status of each answer to a read, `null` if none came. */
  readonly reads: (number | null)[] = [];
  /** Each request that is no read, as where no socket gets through (SPEC P). */
  readonly requests: { method: string; body: string; status: number | null }[] = [];

  constructor(url: string, { headers, misdirect, loses, ...options }: ObserveOptions = {}) {
    const { attempts, reads } = this;
    this.room = joinRoom(url, {
      fetch: async (input, init) => {
        if (init?.method !== undefined) {
          const request = { method: init.method, body: String(init.body), status: null };
          this.requests.push(request);
          const sent = { ...init.headers, ...headers?.() };
          const response = await fetch(input, { ...init, headers: sent });
          Object.assign(request, { status: response.status });
          return response;
        }
        const at = reads.push(null) - 1;
        const response = await fetch(input, { ...init, headers: headers?.() ?? {} });
        reads[at] = response.status;
        return response;
      },
      WebSocket: class extends WebSocket {
        readonly #attempt: Attempt;

        constructor(address: string) {
          super(misdirect?.(attempts.length) ?? address, {
            headers: headers?.() ?? {},
          } as ClientOptions);
          const attempt = { ws: this, url: new URL(address), received: [], sent: [], closed: null };
          this.#attempt = attempt;
          attempts.push(attempt);
          keep(attempt);
        }

        override send(text: string): void {
          this.#attempt.sent.push(text);
          if (!loses?.(text)) super.send(text);
        }
      },
      ...options,
    });
  }

  get state(): RoomState {
    return this.room.getSnapshot();
  }

  get last(): Attempt {
    return this.attempts.at(-1)!;
  }

  /** Waits until what the page would show satisfies. */
  until(satisfies: (state: RoomState) => boolean, withinMs = 40_000): Promise<RoomState> {
    return eventually(() => this.state, satisfies, { withinMs, everyMs: 10 });
  }

  online(): Promise<RoomState> {
    return this.until(({ connection }) => connection === "online");
  }

  /**
   * Waits until an attempt of this number or a later one holds the room's state: for longer than a
   * client pauses between two attempts.
   */
  async onlineAgain(attempt = 1): Promise<Attempt> {
    await eventually(
      () => this.attempts.findIndex(({ received }) => received.some(isState)),
      () => this.attempts.slice(attempt).some(({ received }) => received.some(isState)),
      { withinMs: 40_000 },
    );
    await this.online();
    return this.last;
  }

  /** Waits until the client has given up; returns why. */
  async away(): Promise<string | undefined> {
    const { error } = await this.until(({ connection }) => connection === "closed");
    return error?.code;
  }

  /** Cuts the connection, like a lost network. */
  cut(): void {
    this.last.ws.terminate();
  }
}

function isState({ type }: ServerFrame): boolean {
  return type === "snapshot" || type === "delta";
}

function keep(attempt: Attempt): void {
  attempt.ws.on("upgrade", ({ socket }) => {
    // Sooner it would take along what the room has not read: the other's bytes that nobody reads here
    // make it a reset.
    socket.once("finish", () => setTimeout(() => socket.destroy(), CLOSE_TIMEOUT_MS));
  });
  attempt.ws.on("message", (message) => {
    const text = String(message);
    if (text.startsWith("{")) attempt.received.push(JSON.parse(text) as ServerFrame);
  });
  attempt.ws.on("close", (code) => {
    attempt.closed = code;
  });
  // A refused upgrade is reported by the close that follows.
  attempt.ws.on("error", () => {});
}
