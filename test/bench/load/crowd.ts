import { DIALECTS, type SystemName } from "../dialects/index.ts";
import type { Dialect, Shared, Shown } from "../dialects/dialect.ts";
import { watchedBy } from "../dialects/shown.ts";
import { Client } from "./client.ts";
import { nowMs, sleep } from "./clock.ts";
import type { Reached } from "./reached.ts";
import { Waiter } from "./waiter.ts";
import { ChangeWatch, type Latency } from "./change-watch.ts";

export interface CrowdOptions {
  system: SystemName;
  port: number;
  secret: string;
  room: string;
  /** Users `first` to `first + count - 1` are this crowd's. */
  first: number;
  count: number;
  /** Members of the room when everybody is in, those of other processes too. */
  size: number;
  offersDeflate: boolean;
  silent: boolean;
  shown?: Shown;
  /** Whether every client parses every message, as an app's client has to; absent, none does. */
  parses?: boolean;
}

/** What was received so far. */
export interface Received {
  messages: number;
  wireBytes: number;
  payloadBytes: number;
  /** CPU of this process, in milliseconds. */
  cpuMs: number;
}

/** Messages up to this length are heartbeats in every dialect, and are not counted. */
const HEARTBEAT_BYTES = 4;
/** How often some of the clients, each in its turn, send their heartbeat. */
const BEAT_MS = 250;
/** Handshakes under way at once in one process. */
const HANDSHAKES = 200;

/** The clients of one process. */
export class Crowd {
  readonly #dialect: Dialect;
  readonly #options: CrowdOptions;
  readonly #shared: Shared;
  readonly #clients: Client[] = [];
  readonly #changes: ChangeWatch;
  /** Clients that know as many members as expected. */
  readonly #knowing = new Waiter();
  readonly #open = new Waiter();
  #awaited: number;
  #messages = 0;
  #payloadBytes = 0;
  #beats = 0;
  #onAnswer: ((client: Client) => void) | null = null;
  readonly #refusals: string[] = [];

  constructor(options: CrowdOptions) {
    this.#options = options;
    this.#dialect = DIALECTS[options.system];
    this.#awaited = options.size;
    this.#shared = { size: options.size, order: [], memo: { key: "", users: [] } };
    this.#changes = new ChangeWatch(this.#shared.order);
    const { first, count } = options;
    for (let user = first; user < first + count; user++) {
      const join = { ...options, user };
      this.#clients.push(
        new Client(this.#dialect, join, options, this.#shared, {
          onOpen: () => this.#open.add(1),
          onTold: (client, bytes, onlineBefore) => this.#told(client, bytes, onlineBefore),
          onClosed: (client, refusal) => this.#closed(client, refusal),
        }),
      );
    }
    const { heartbeat } = this.#dialect;
    if (heartbeat) setInterval(() => this.#beat(heartbeat.text, heartbeat.everyMs), BEAT_MS);
  }

  /** Connects all; resolves when every socket is open. */
  async connect(timeoutMs: number): Promise<Reached> {
    const deadline = nowMs() + timeoutMs;
    let started = 0;
    while (started < this.#clients.length) {
      const bound = Math.min(this.#clients.length, this.#open.count + HANDSHAKES);
      while (started < bound) this.#clients[started++]!.connect();
      if (started < this.#clients.length) {
        const { atMs } = await this.#open.reach(started - HANDSHAKES / 2, deadline - nowMs());
        if (atMs === null) break;
      }
    }
    return this.#open.reach(this.#clients.length, deadline - nowMs());
  }

  /** Resolves when every client of this process knows that this many are online. */
  async knows(online: number, timeoutMs: number): Promise<Reached> {
    if (this.#awaited !== online) {
      this.#awaited = online;
      const clients = this.#clients.filter(({ isOpen, view }) => isOpen && view.online === online);
      this.#knowing.reset(clients.length);
    }
    return this.#knowing.reach(this.#open.count, timeoutMs);
  }

  /** Expects these users' changes, in this order, at every client of this process that is shown them. */
  expect(users: number[]): void {
    const { shown } = this.#options;
    if (typeof shown !== "object") return this.#changes.expect(users, () => this.#open.count);
    const watched = this.#clients.flatMap(({ user }) => watchedBy(user, shown));
    const watchers = Map.groupBy(watched, (user) => user);
    this.#changes.expect(users, (user) => watchers.get(user)?.length ?? 0);
  }

  /** Makes a user busy, and returns the time. */
  change(user: number): number {
    const { first } = this.#options;
    const at = nowMs();
    this.#changes.sent(user, at);
    this.#clients[user - first]!.send(this.#dialect.becomeBusy(user));
    return at;
  }

  /** Makes users busy, spread evenly over time. */
  async changeAll(users: number[], perSecond: number): Promise<void> {
    const start = nowMs();
    for (const [index, user] of users.entries()) {
      const wait = start + (index * 1000) / perSecond - nowMs();
      if (wait > 1) await sleep(wait);
      this.change(user);
    }
  }

  /** Resolves when every client has every expected change. */
  changesSeen(timeoutMs: number): Promise<Reached> {
    return this.#changes.all(timeoutMs);
  }

  /** From each expected change's sending to its last arrival. */
  latencies(): Latency[] {
    return this.#changes.latencies();
  }

  /** Sends a text for one user. */
  say(user: number, text: string): void {
    this.#clients[user - this.#options.first]!.send(text);
  }

  /** Sends a text for one user; answers how long the next message took to come, in milliseconds. */
  ask(user: number, text: string): Promise<number> {
    const client = this.#clients[user - this.#options.first]!;
    const sentAt = nowMs();
    client.send(text);
    return new Promise((resolve) => {
      this.#onAnswer = (answering) => {
        if (answering !== client) return;
        this.#onAnswer = null;
        resolve(nowMs() - sentAt);
      };
    });
  }

  /** Every client leaves and returns after a pause, like a page reload. */
  async reload(pauseMs: number, timeoutMs: number): Promise<Reached> {
    for (const client of this.#clients) client.goAway();
    this.#open.reset(0);
    this.#knowing.reset(0);
    await sleep(pauseMs);
    return this.connect(timeoutMs);
  }

  /** Drops the last clients without a close. */
  drop(count: number): void {
    for (const client of this.#clients.splice(-count)) {
      if (client.view.online === this.#awaited) this.#knowing.add(-1);
      this.#open.add(-1);
      client.drop();
    }
  }

  /** Drops every client. */
  dropAll(): void {
    this.drop(this.#clients.length);
  }

  received(): Received {
    const { user, system } = process.cpuUsage();
    return {
      messages: this.#messages,
      wireBytes: this.#clients.reduce((sum, client) => sum + client.wireBytes, 0),
      payloadBytes: this.#payloadBytes,
      cpuMs: (user + system) / 1000,
    };
  }

  /** How many clients it has. */
  size(): number {
    return this.#clients.length;
  }

  /** Whether the server compresses what it sends them. */
  isCompressed(): boolean {
    return this.#clients[0]!.isCompressed;
  }

  /** Why sockets failed to open or closed without being asked to. */
  refusals(): string[] {
    return this.#refusals;
  }

  /** The clients' heartbeats, spread over time like their joins. */
  #beat(text: string, everyMs: number): void {
    const turns = everyMs / BEAT_MS;
    this.#beats++;
    for (let index = this.#beats % turns; index < this.#clients.length; index += turns) {
      const client = this.#clients[index]!;
      if (client.view.online > 0) client.send(text);
    }
  }

  #told(client: Client, bytes: number, onlineBefore: number): void {
    if (bytes <= HEARTBEAT_BYTES) return;
    this.#onAnswer?.(client);
    this.#messages++;
    this.#payloadBytes += bytes;
    const { view } = client;
    if (view.online !== onlineBefore) {
      if (view.online === this.#awaited) this.#knowing.add(1);
      else if (onlineBefore === this.#awaited) this.#knowing.add(-1);
    }
    for (const user of view.changed) this.#changes.seen(user);
  }

  #closed(_client: Client, refusal: string | undefined): void {
    if (refusal !== undefined) this.#refusals.push(refusal);
  }
}
