import { WebSocket } from "ws";
import { type Moment, momentOf, msBetween } from "./busy-clock.ts";
import { signToken } from "./client-kit.ts";
import type { Server } from "./server.ts";

/**
 * How long after the answer to a change the next one comes: frames that waited for a busy server
 * would arrive together, and be more than W12 allows.
 */
const BEAT_MS = 300;
/** How many join at once. */
const AT_ONCE = 25;

/** Many people in a room who do nothing, except one who changes all the time. */
export class Bystanders {
  readonly #server: Server;
  readonly #room: string;
  /** The last change that each received. */
  readonly #told = new Map<WebSocket, number>();
  /** When each change was sent. */
  readonly #sent: Moment[] = [];
  #beat: NodeJS.Timeout | undefined;
  #latestMs = 0;

  constructor(server: Server, room: string) {
    this.#server = server;
    this.#room = room;
  }

  async join(count: number): Promise<void> {
    for (let n = 0; n < count; n += AT_ONCE) {
      const some = Array.from({ length: Math.min(AT_ONCE, count - n) }, (_, at) => n + at);
      await Promise.all(some.map((number) => this.#enter(number)));
    }
    this.#change();
  }

  /**
   * The longest delay of any change to any of them since the last call, in milliseconds, without the
   * time in which the machine was busy with other work.
   */
  takeLatestMs(): number {
    for (const socket of this.#told.keys()) this.#noteOldest(socket);
    const latest = this.#latestMs;
    this.#latestMs = 0;
    return latest;
  }

  leave(): void {
    clearTimeout(this.#beat);
    for (const socket of this.#told.keys()) socket.terminate();
  }

  async #enter(number: number): Promise<void> {
    const token = await signToken(this.#server.secret, `bystander-${number}`, {
      name: `Bystander number ${number}`,
      picture: `https://pictures.example.com/bystanders/${number}.png`,
    });
    const url = `${this.#server.url.replace("http", "ws")}/rooms/${this.#room}`;
    const socket = new WebSocket(url, { headers: { Authorization: `Bearer ${token}` } });
    this.#told.set(socket, -1);
    await new Promise<void>((resolve, reject) => {
      socket.on("message", (message) => {
        const text = String(message);
        if (text.startsWith('{"type":"snapshot"')) resolve();
        this.#hear(socket, text);
      });
      socket.once("error", reject);
    });
  }

  #change(): void {
    const [socket] = this.#told.keys();
    const beat = this.#sent.length;
    socket!.send(JSON.stringify({ type: "update", data: { beat }, id: String(beat) }));
    this.#sent.push(momentOf(this.#server));
  }

  #hear(socket: WebSocket, text: string): void {
    if (text.startsWith('{"type":"probe"')) {
      const { n } = JSON.parse(text) as { n?: number };
      socket.send(n === undefined ? "ping" : JSON.stringify({ type: "alive", n }));
    }
    if (text.startsWith('{"type":"ack"')) {
      this.#beat = setTimeout(() => this.#change(), BEAT_MS);
    }
    const beat = text.startsWith('{"type":"delta"') && /"beat":(\d+)/.exec(text);
    if (!beat) return;
    // What was gathered with a later change is told by it.
    this.#noteOldest(socket);
    this.#told.set(socket, Number(beat[1]));
  }

  /** Notes how long ago the first change was that this one has not been told. */
  #noteOldest(socket: WebSocket): void {
    const sent = this.#sent[this.#told.get(socket)! + 1];
    if (!sent || performance.now() - sent.at <= this.#latestMs) return;
    this.#latestMs = Math.max(this.#latestMs, msBetween(sent, momentOf(this.#server)));
  }
}
