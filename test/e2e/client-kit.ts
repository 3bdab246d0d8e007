import type { Socket } from "node:net";
import { SignJWT } from "jose";
import { WebSocket } from "ws";
import type { ClientFrame, ServerFrame, Snapshot, Welcome } from "../../src/protocol/messages.ts";
import type { Server } from "./server.ts";

/** Longer than a client pauses between two attempts (K7). */
const WAIT_MS = 40_000;

/** Signs a credential valid for an hour; `claims` add claims or replace them. */
export function signToken(
  secret: string,
  sub: string,
  claims: Record<string, unknown> = {},
): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT({ name: sub, iat: now, exp: now + 3600, sub, ...claims })
    .setProtectedHeader({ alg: "HS256" })
    .sign(new TextEncoder().encode(secret));
}

/** The room as `GET` answers it. */
export async function readRoom(
  server: Pick<Server, "url">,
  room: string,
  token: string,
): Promise<Snapshot> {
  const response = await fetch(`${server.url}/rooms/${room}`, {
    headers: { Authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(WAIT_MS),
  });
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  return (await response.json()) as Snapshot;
}

/** Repeats until the answer passes the check; an error counts as a failed check. */
export async function eventually<Value>(
  ask: () => Value | Promise<Value>,
  satisfies: (value: Value) => boolean,
  { withinMs = WAIT_MS, everyMs = 50 } = {},
): Promise<Value> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    let last: unknown;
    try {
      const value = await ask();
      if (satisfies(value)) return value;
      last = value;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) {
      const shown = last instanceof Error ? String(last) : JSON.stringify(last);
      throw new Error(`Not within ${withinMs} ms: ${satisfies}. Last: ${shown?.slice(0, 2000)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

export interface RawClientOptions {
  /** Answers every `probe`, as SPEC L2 and W14 ask of a client; true if absent. */
  answersProbes?: boolean;
  /** Added to the room's URL. */
  query?: Record<string, string>;
}

type Listener = () => void;

/** A client that only answers probes, and keeps everything it receives. */
export class RawClient {
  readonly ws: WebSocket;
  readonly frames: ServerFrame[] = [];
  /** How the socket ended, `null` while it has not. */
  closed: { code: number; reason: string } | null = null;
  #socket: Socket | null = null;
  readonly #listeners = new Set<Listener>();
  #acks = 0;

  private constructor(ws: WebSocket, answersProbes: boolean) {
    this.ws = ws;
    ws.on("upgrade", ({ socket }) => {
      this.#socket = socket;
    });
    ws.on("message", (message, isBinary) => {
      const text = String(message);
      if (isBinary || text === "pong") return;
      const frame = JSON.parse(text) as ServerFrame;
      if (frame.type === "probe" && answersProbes) {
        ws.send(frame.n === undefined ? "ping" : JSON.stringify({ type: "alive", n: frame.n }));
      }
      this.frames.push(frame);
      this.#tell();
    });
    ws.on("close", (code, reason) => {
      this.closed = { code, reason: String(reason) };
      this.#tell();
    });
    // A reset is reported by the close that follows.
    ws.on("error", () => {});
  }

  /** Joins a room; resolves once the room's state has come. */
  static async join(
    server: Pick<Server, "url">,
    room: string,
    token: string,
    { answersProbes = true, query = {} }: RawClientOptions = {},
  ): Promise<RawClient> {
    const url = new URL(`/rooms/${room}?${new URLSearchParams(query)}`, server.url);
    url.protocol = "ws:";
    const headers = { Authorization: `Bearer ${token}` };
    const client = new RawClient(new WebSocket(url, { headers }), answersProbes);
    await client.until((frame) => frame.type === "snapshot" || frame.type === "delta");
    return client;
  }

  /** Sends a frame, or any text or bytes. */
  send(frame: ClientFrame | string | Uint8Array): void {
    const isRaw = typeof frame === "string" || frame instanceof Uint8Array;
    this.ws.send(isRaw ? frame : JSON.stringify(frame));
  }

  /** Sends a frame and waits for its `ack`. */
  async request(frame: ClientFrame, withinMs = WAIT_MS): Promise<void> {
    const id = `request-${++this.#acks}`;
    this.send({ ...frame, id });
    await this.until((answer) => answer.type === "ack" && answer.id === id, withinMs);
  }

  /** The room's first frame. */
  async welcome(): Promise<Welcome> {
    return (await this.until((frame) => frame.type === "welcome")) as Welcome;
  }

  /** Leaves with no grace period. */
  async leave(): Promise<void> {
    this.send({ type: "leave" });
    await this.untilClosed();
  }

  /** The TCP connection of the WebSocket, for what a WebSocket cannot do. */
  get socket(): Socket {
    return this.#socket!;
  }

  /** The first frame, of those that came and those to come, that satisfies. */
  until(satisfies: (frame: ServerFrame) => boolean, withinMs = WAIT_MS): Promise<ServerFrame> {
    let seen = 0;
    return this.#wait(withinMs, String(satisfies), () => {
      while (seen < this.frames.length) {
        const frame = this.frames[seen++]!;
        if (satisfies(frame)) return frame;
      }
      if (this.closed) throw new Error(`Closed with ${this.closed.code} ${this.closed.reason}.`);
      return undefined;
    });
  }

  /** How the socket ended. */
  untilClosed(withinMs = WAIT_MS): Promise<{ code: number; reason: string }> {
    return this.#wait(withinMs, "a close", () => this.closed ?? undefined);
  }

  #wait<Result>(withinMs: number, what: string, find: () => Result | undefined): Promise<Result> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void) => {
        clearTimeout(timer);
        this.#listeners.delete(look);
        settle();
      };
      const timer = setTimeout(() => {
        const last = JSON.stringify(this.frames.slice(-3)).slice(0, 1000);
        end(() => reject(new Error(`Not within ${withinMs} ms: ${what}. Last frames: ${last}`)));
      }, withinMs);
      const look = () => {
        try {
          const result = find();
          if (result !== undefined) end(() => resolve(result));
        } catch (error) {
          end(() => reject(error as Error));
        }
      };
      this.#listeners.add(look);
      look();
    });
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
