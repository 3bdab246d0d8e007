import { fork } from "node:child_process";
import { join } from "node:path";
import { WebSocket } from "ws";
import type { Delta, Snapshot } from "../../src/protocol/messages.ts";
import { momentOf, msBetween } from "./busy-clock.ts";
import { signToken } from "./client-kit.ts";
import type { Server } from "./server.ts";
import type { Storm, Stormed, Stormer } from "./storm-process.ts";

/** A signal without receivers has at most 1 KiB, one with them 16 KiB (SPEC G1). */
const SHORT = 1024;
const LONG = 16_384;
const RECEIVERS = 100;
/** With so many names nothing is replaced by what follows at once. */
const NAMES = 40;

/** As long as is allowed, in the order that the client sends, or with its type last. */
function signal(n: number, to: string[] | null, isDisguised: boolean): string {
  const name = `storm-${n}`.padEnd(64, "x");
  const receivers = to && { to };
  const of = (data: string) =>
    isDisguised
      ? JSON.stringify({ name, data, ...receivers, type: "signal" })
      : JSON.stringify({ type: "signal", name, data, ...receivers });
  const bare = JSON.stringify({ type: "signal", name, data: "" });
  return of("x".repeat(SHORT - bare.length));
}

const signals = (to: string[] | null, isDisguised = false) =>
  Array.from({ length: NAMES }, (_, n) => signal(n, to, isDisguised));

/** People who are there, and ids as long as fit. */
function receiversOf(ids: string[]): string[] {
  const some = ids.slice(0, RECEIVERS / 2);
  const others = RECEIVERS - some.length;
  const space = LONG - SHORT - '"to":[],'.length - some.join('","').length - 3;
  const length = Math.min(128, Math.floor(space / others) - 3);
  return [...some, ...Array.from({ length: others }, (_, n) => String(n).padEnd(length, "u"))];
}

/** How what others signal begins, and for how long anybody waits to be shown something. */
const SIGNALS = '{"type":"signals"';
const WAIT_MS = 120_000;

/** How each of ten sends. */
type Way = Pick<Stormer, "first" | "frames"> & { query?: string };

function waysOf(to: string[]): Way[] {
  const [all, some] = [signals(null), signals(to)];
  const hide = '{"type":"update","status":"offline"}';
  return [
    { first: [], frames: all },
    { first: [], frames: some },
    { first: [], frames: all },
    { first: [], frames: some },
    { first: [], frames: signals(null, true) },
    { first: [], frames: signals(to, true) },
    { first: [hide], frames: all },
    { first: [hide], frames: some },
    { first: [], frames: all, query: "?present=false" },
    { first: [], frames: signals(to, true), query: "?present=false&view=window" },
  ];
}

/** A storm of signals in a room, from a process of its own. */
export class SignalStorm {
  readonly #process = fork(join(import.meta.dirname, "storm-process.ts"));
  last: Stormed = { sent: 0, open: 0 };

  /** Resolves when all are in the room, and storm. */
  async begin(server: Server, room: string, connections: number, rate: number): Promise<void> {
    const ids = Array.from({ length: connections }, (_, n) => `stormer-${n}`);
    const ways = waysOf(receiversOf(ids));
    const stormers = await Promise.all(
      ids.map(async (id, n) => {
        const { query = "", first, frames } = ways[n % ways.length]!;
        const token = await signToken(server.secret, id);
        return { path: `/rooms/${room}${query}`, token, first, frames };
      }),
    );
    const begun = new Promise<void>((resolve, reject) => {
      this.#process.on("message", (stormed: Stormed) => {
        this.last = stormed;
        resolve();
      });
      this.#process.once("exit", (code) => reject(new Error(`The storm ended with ${code}.`)));
    });
    this.#process.send({ port: server.port, stormers, rate } satisfies Storm);
    await begun;
  }

  end(): void {
    this.#process.kill("SIGKILL");
  }
}

/** One who reads everything, and looks only at what is no signal. */
class Onlooker {
  readonly ws: WebSocket;
  isClosed = false;
  /** The deltas since the last look, and the snapshots that stand in for some. */
  readonly #states: string[] = [];
  #look: (() => void) | null = null;

  private constructor(ws: WebSocket, joined: () => void) {
    this.ws = ws;
    ws.on("message", (message: Buffer) => {
      if (message.indexOf(SIGNALS) === 0) return;
      const text = String(message);
      if (text.startsWith('{"type":"probe"')) {
        const { n } = JSON.parse(text) as { n?: number };
        ws.send(n === undefined ? "ping" : JSON.stringify({ type: "alive", n }));
      } else if (/^{"type":"(snapshot|delta)"/.test(text)) {
        this.#states.push(text);
        joined();
      }
      this.#look?.();
    });
    ws.on("close", () => (this.isClosed = true));
  }

  static async join({ url, secret }: Server, room: string, id: string): Promise<Onlooker> {
    const headers = { Authorization: `Bearer ${await signToken(secret, id)}` };
    const ws = new WebSocket(`${url.replace("http", "ws")}/rooms/${room}`, { headers });
    return new Promise((resolve, reject) => {
      const onlooker: Onlooker = new Onlooker(ws, () => resolve(onlooker));
      ws.once("error", reject);
    });
  }

  /** Resolves when this one has been shown a member with a status. */
  untilShown(id: string, status: string): Promise<void> {
    const isShown = (text: string) => {
      const frame = JSON.parse(text) as Delta | Snapshot;
      const shown = frame.type === "delta" ? frame.set : frame.members;
      if (shown.some((member) => member.id === id && member.status === status)) return true;
      // Whoever has left drops out of a window, which a large room shows.
      if (status !== "offline") return false;
      const isGone = frame.type === "delta" ? frame.gone.includes(id) : true;
      return isGone && !shown.some((member) => member.id === id);
    };
    return new Promise((resolve, reject) => {
      const failed = () => reject(new Error(`${id} was not shown ${status} in ${WAIT_MS} ms.`));
      const timer = setTimeout(failed, WAIT_MS);
      this.#look = () => {
        if (!this.#states.splice(0).some(isShown)) return;
        clearTimeout(timer);
        this.#look = null;
        resolve();
      };
      this.#look();
    });
  }
}

/** People who only look, and one after another who comes, changes and leaves. */
export class Onlookers {
  readonly #server: Server;
  readonly #room: string;
  readonly #people: Onlooker[] = [];
  #visits = 0;

  constructor(server: Server, room: string) {
    this.#server = server;
    this.#room = room;
  }

  async join(count: number): Promise<void> {
    for (let n = 0; n < count; n++) {
      this.#people.push(await Onlooker.join(this.#server, this.#room, `onlooker-${n}`));
    }
  }

  get closed(): number {
    return this.#people.filter(({ isClosed }) => isClosed).length;
  }

  /** How late the last of them was shown that one comes, changes and leaves. */
  async lateMs(): Promise<number[]> {
    // Among the first by id, so that windows show them.
    const id = `a-visitor-${++this.#visits}`;
    const joined = this.#untilShown(id, "online");
    const { ws } = await Onlooker.join(this.#server, this.#room, id);
    const late = [await joined];
    for (const [frame, status] of [
      ['{"type":"update","status":"busy"}', "busy"],
      ['{"type":"leave"}', "offline"],
    ] as const) {
      const shown = this.#untilShown(id, status);
      ws.send(frame);
      late.push(await shown);
    }
    ws.terminate();
    return late;
  }

  leave(): void {
    for (const { ws } of this.#people) ws.terminate();
  }

  async #untilShown(id: string, status: string): Promise<number> {
    const from = momentOf(this.#server);
    await Promise.all(this.#people.map((onlooker) => onlooker.untilShown(id, status)));
    return msBetween(from, momentOf(this.#server));
  }
}
