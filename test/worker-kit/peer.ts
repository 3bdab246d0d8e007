import type { Delta, ServerFrame, Snapshot, Welcome } from "../../src/protocol/messages.ts";
import { applyDelta, applySnapshot, type Roll } from "../../src/client/roll.ts";
import { ask } from "./http.ts";
import { signIn } from "./sign-in.ts";

const LONGEST_WAIT_MS = 5_000;

export type Frame = ServerFrame | "pong";

/** One socket in a room, as a client would hold it: it keeps every frame, in order. */
export class Peer {
  readonly frames: Frame[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  /** What a client holds that applies all it was sent. */
  roll: Roll | null = null;
  readonly #ws: WebSocket;
  readonly #waiting = new Set<() => void>();
  #sent = 0;

  constructor(ws: WebSocket) {
    this.#ws = ws;
    ws.addEventListener("message", ({ data }) => {
      const frame: Frame = data === "pong" ? "pong" : (JSON.parse(data as string) as ServerFrame);
      this.frames.push(frame);
      this.#apply(frame);
      for (const check of this.#waiting) check();
    });
    this.closed = new Promise((resolve) => {
      ws.addEventListener("close", ({ code, reason }) => resolve({ code, reason }));
    });
    ws.accept();
  }

  #apply(frame: Frame): void {
    if (frame === "pong") return;
    if (frame.type === "snapshot") this.roll = applySnapshot(this.roll, frame);
    if (frame.type === "delta") {
      this.roll = applyDelta(this.roll, frame);
      if (this.roll === null) throw new Error("a delta did not fit what the client holds");
    }
  }

  send(frame: object | string | ArrayBuffer): void {
    const isRaw = typeof frame === "string" || frame instanceof ArrayBuffer;
    this.#ws.send(isRaw ? frame : JSON.stringify(frame));
  }

  /** Sends a frame and waits for its ack. */
  async ask(frame: object): Promise<void> {
    const id = `ask-${++this.#sent}`;
    this.send({ ...frame, id });
    await this.until((answer) => answer !== "pong" && answer.type === "ack" && answer.id === id);
  }

  /** Waits for a frame, one that has come already included. */
  until(wanted: (frame: Frame) => boolean): Promise<Frame> {
    return new Promise((resolve, reject) => {
      const check = () => {
        const found = this.frames.find(wanted);
        if (!found) return;
        clearTimeout(timer);
        this.#waiting.delete(check);
        resolve(found);
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(check);
        reject(new Error(`no such frame among ${JSON.stringify(this.frames)}`));
      }, LONGEST_WAIT_MS);
      this.#waiting.add(check);
      check();
    });
  }

  untilType<Type extends ServerFrame["type"]>(
    type: Type,
  ): Promise<Extract<ServerFrame, { type: Type }>> {
    return this.until((frame) => frame !== "pong" && frame.type === type) as never;
  }

  /**
   * Waits until all that the room had to say so far has come, by asking for a snapshot, which is
   * gathered with it; then forgets that snapshot, and answers all the frames since the last call.
   */
  async news(): Promise<Frame[]> {
    const id = `news-${++this.#sent}`;
    this.send({ type: "sync", id });
    await this.until((frame) => frame !== "pong" && frame.type === "ack" && frame.id === id);
    const acked = this.frames.findIndex(
      (frame) => frame !== "pong" && frame.type === "ack" && frame.id === id,
    );
    await this.until((frame) => {
      const isSnapshot = frame !== "pong" && frame.type === "snapshot";
      return isSnapshot && this.frames.indexOf(frame) > acked;
    });
    const all = this.frames.splice(0);
    return all.slice(0, acked).concat(all.slice(acked + 1).filter((f) => !isSnapshot(f)));
  }

  close(code?: number, reason?: string): void {
    this.#ws.close(code, reason);
  }
}

const isSnapshot = (frame: Frame): frame is Snapshot =>
  frame !== "pong" && frame.type === "snapshot";

/** The deltas among some frames. */
export function deltas(frames: readonly Frame[]): Delta[] {
  return frames.filter((frame) => frame !== "pong" && frame.type === "delta") as Delta[];
}

export interface JoinOptions {
  token?: string;
  query?: string;
  headers?: Record<string, string>;
}

/** Asks to join; the answer is an upgrade or a refusal. */
export async function tryJoin(
  room: string,
  user: string,
  { token, query = "", headers }: JoinOptions = {},
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
  const peer = new Peer(response.webSocket);
  await peer.until((frame) => frame !== "pong" && ["snapshot", "delta"].includes(frame.type));
  return peer;
}

/** The first frame a peer was sent. */
export function welcomeOf(peer: Peer): Welcome {
  return peer.frames[0] as Welcome;
}
