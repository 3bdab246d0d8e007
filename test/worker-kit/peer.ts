import type { Delta, ServerFrame, Welcome } from "../../src/protocol/messages.ts";
import { applyDelta, applySnapshot, type Replica } from "../../src/client/replica.ts";
import { formatSince } from "../../src/protocol/since.ts";
import { ask, readRoom } from "./http.ts";
import { signIn } from "./sign-in.ts";

const LONGEST_WAIT_MS = 40_000;

export type Frame = ServerFrame | "pong";

/** One socket in a room, like a client's: it keeps every frame, in order. */
export class Peer {
  readonly frames: Frame[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  /** The state of a client that applies everything it received. */
  roll: Replica | null;
  /** Whether it proves that it reads, like a client (SPEC W14). */
  reads = true;
  readonly #ws: WebSocket;
  readonly #waiting = new Set<() => void>();
  #sent = 0;
  #room = "";
  /** How the room ended it. */
  #end: string | null = null;

  constructor(ws: WebSocket, holds: Replica | null = null) {
    this.#ws = ws;
    this.roll = holds;
    ws.addEventListener("message", ({ data }) => {
      const frame: Frame = data === "pong" ? "pong" : (JSON.parse(data as string) as ServerFrame);
      this.frames.push(frame);
      if (frame !== "pong" && frame.type === "probe" && frame.n !== undefined && this.reads) {
        this.sendAnyway({ type: "alive", n: frame.n });
      }
      this.#apply(frame);
      for (const check of this.#waiting) check();
    });
    this.closed = new Promise((resolve) => {
      ws.addEventListener("close", ({ code, reason }) => {
        this.#end = `closed with ${code} ${reason}`;
        resolve({ code, reason });
      });
    });
    ws.accept();
  }

  #apply(frame: Frame): void {
    if (frame === "pong") return;
    if (frame.type === "welcome") this.#room = frame.room;
    if (frame.type === "snapshot") this.roll = applySnapshot(this.roll, frame);
    if (frame.type === "delta") {
      this.roll = applyDelta(this.roll, frame);
      if (this.roll === null) throw new Error("a delta did not fit what the client holds");
    }
  }

  send(frame: object | string | ArrayBuffer): void {
    const isRaw = typeof frame === "string" || frame instanceof ArrayBuffer;
    try {
      this.#ws.send(isRaw ? frame : JSON.stringify(frame));
    } catch (error) {
      throw new Error(this.#end ?? "not closed by the room", { cause: error });
    }
  }

  /** Sends a frame that may be too late: a socket that knows its end sends nothing more. */
  sendAnyway(frame: object | string | ArrayBuffer): void {
    try {
      this.send(frame);
    } catch {
      // It has heard of it.
    }
  }

  /** Sends a frame and waits for its ack. */
  async ask(frame: object): Promise<void> {
    const id = `ask-${++this.#sent}`;
    this.send({ ...frame, id });
    await this.until((answer) => answer !== "pong" && answer.type === "ack" && answer.id === id);
  }

  /** Waits until something holds, looking again at each frame that comes. */
  async #until(holds: () => boolean): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const check = () => holds() && resolve();
    const tell = () => reject(new Error(`waited in vain at ${JSON.stringify(this.frames)}`));
    const timer = setTimeout(tell, LONGEST_WAIT_MS);
    this.#waiting.add(check);
    check();
    await promise.finally(() => {
      clearTimeout(timer);
      this.#waiting.delete(check);
    });
  }

  /** Waits for a frame, which may have come already. */
  async until(wanted: (frame: Frame) => boolean): Promise<Frame> {
    await this.#until(() => this.frames.some(wanted));
    return this.frames.find(wanted)!;
  }

  untilType<Type extends ServerFrame["type"]>(
    type: Type,
  ): Promise<Extract<ServerFrame, { type: Type }>> {
    return this.until((frame) => frame !== "pong" && frame.type === type) as never;
  }

  /**
   * Waits until all that the room had to say so far has come; returns the frames since the last
   * call. What was gathered comes by version, the rest before the ack of an update of nothing.
   */
  async news(): Promise<Frame[]> {
    const { version } = await readRoom(this.#room);
    await this.#until(() => this.roll !== null && this.roll.version >= version);
    const id = `news-${++this.#sent}`;
    this.send({ type: "update", id });
    const isAck = (frame: Frame) => frame !== "pong" && frame.type === "ack" && frame.id === id;
    await this.until(isAck);
    return this.frames.splice(0).filter((frame) => !isAck(frame));
  }

  /** Closes it, unless it has heard of its end. */
  closeAnyway(code: number): void {
    try {
      this.close(code);
    } catch {
      // It has heard of it.
    }
  }

  close(code?: number, reason?: string): void {
    this.#ws.close(code, reason);
  }
}

/** The deltas among some frames. */
export function deltas(frames: readonly Frame[]): Delta[] {
  return frames.filter((frame) => frame !== "pong" && frame.type === "delta") as Delta[];
}

export interface JoinOptions {
  token?: string;
  /** The client's previous state: it requests what changed since. */
  holds?: Replica;
  query?: string;
  headers?: Record<string, string>;
}

/** Requests a join; the answer is an upgrade or a refusal. */
export async function tryJoin(
  room: string,
  user: string,
  { token, holds, query = holds ? `?since=${formatSince(holds)}` : "", headers }: JoinOptions = {},
): Promise<Response> {
  return ask(`/rooms/${room}${query}`, {
    headers: {
      Upgrade: "websocket",
      Authorization: `Bearer ${token ?? (await signIn(user))}`,
      ...headers,
    },
  });
}

/** Joins and waits for the room's state. */
export async function join(room: string, user: string, options?: JoinOptions): Promise<Peer> {
  const response = await tryJoin(room, user, options);
  if (!response.webSocket) throw new Error(`refused: ${response.status} ${await response.text()}`);
  const peer = new Peer(response.webSocket, options?.holds);
  await peer.until((frame) => frame !== "pong" && ["snapshot", "delta"].includes(frame.type));
  return peer;
}

/** The first frame that a peer received. */
export function welcomeOf(peer: Peer): Welcome {
  return peer.frames[0] as Welcome;
}
