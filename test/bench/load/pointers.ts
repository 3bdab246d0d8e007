import { DIALECTS, type SystemName } from "../dialects/index.ts";
import { answerProbe } from "../dialects/rollcall.ts";
import { nowMs, sleep } from "./clock.ts";
import { LeanWebSocket } from "./web-socket.ts";

export interface PointerOptions {
  system: SystemName;
  port: number;
  secret: string;
  room: string;
  count: number;
}

/** What all pages received. */
export interface Seen {
  frames: number;
  bytes: number;
  /** From one page to another, of each place that arrived, in milliseconds. */
  latencies: number[];
}

const OPEN_MS = 20_000;
const AT = /"at":([\d.]+)/g;
const PROBE = Buffer.from('{"type":"probe"');

/** Pages whose pointers move, and which time how long the others' places took to arrive. */
export class Pointers {
  readonly #sockets: LeanWebSocket[];
  #seen: Seen = { frames: 0, bytes: 0, latencies: [] };

  private constructor({ system, count, ...common }: PointerOptions, onOpen: () => void) {
    const dialect = DIALECTS[system];
    this.#sockets = Array.from({ length: count }, (_, user) => {
      const join = { ...common, user, silent: true, size: count };
      const upgrade = { path: dialect.path(join), headers: dialect.headers(join) };
      const socket: LeanWebSocket = new LeanWebSocket(
        { port: common.port, ...upgrade, offersDeflate: true },
        {
          onOpen,
          onMessage: (payload) => this.#take(payload, socket),
          onClose: () => {},
        },
      );
      return socket;
    });
  }

  /** Opens all pages. */
  static async open(options: PointerOptions): Promise<Pointers> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(reject, OPEN_MS, new Error("Not all are open in time."));
    let opened = 0;
    const pointers = new Pointers(options, () => {
      if (++opened === options.count) resolve();
    });
    await promise.finally(() => clearTimeout(timer));
    return pointers;
  }

  /** Moves every pointer at this rate, each at its own time; answers what was seen meanwhile. */
  async move(perSecond: number, ms: number): Promise<Seen> {
    this.#seen = { frames: 0, bytes: 0, latencies: [] };
    const start = nowMs();
    const everyMs = 1_000 / perSecond / this.#sockets.length;
    for (let moved = 0; moved * everyMs < ms; moved++) {
      const wait = start + moved * everyMs - nowMs();
      if (wait > 0) await sleep(wait);
      const place = { x: (moved % 97) / 97, y: (moved % 89) / 89, at: Number(nowMs().toFixed(3)) };
      const text = JSON.stringify({ type: "signal", name: "cursor", data: place });
      this.#sockets[moved % this.#sockets.length]!.send(text);
    }
    return this.#seen;
  }

  /** Lets one page send a text. */
  say(text: string): void {
    this.#sockets[0]!.send(text);
  }

  close(): void {
    for (const socket of this.#sockets) socket.drop();
  }

  #take(payload: Buffer, socket: LeanWebSocket): void {
    this.#seen.frames++;
    this.#seen.bytes += payload.length;
    const now = nowMs();
    if (payload.subarray(0, PROBE.length).equals(PROBE)) {
      return socket.send(answerProbe(payload.toString()));
    }
    for (const [, at] of payload.toString("latin1").matchAll(AT)) {
      this.#seen.latencies.push(now - Number(at));
    }
  }
}
