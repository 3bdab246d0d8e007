import type { Status } from "../../../src/protocol/messages.ts";
import { randomFrom } from "../crowd.ts";
import { Absences, type Absence } from "./absences.ts";
import { castOf, type CastOptions } from "./cast.ts";
import { disagreeing } from "./disagreeing.ts";
import type { Truth } from "./truth.ts";
import { LIMIT, type Progress, WindowClient } from "./window-client.ts";

const CHOICES: readonly (Status | null)[] = ["online", "away", "busy", null];
/** How many handshakes are under way at once. */
const AT_ONCE = 40;
/** How often some of the windows send a heartbeat: each sends one in 9 s. */
const BEAT_MS = 250;
const BEATS = 36;
const RETRY_MS = 250;

/** What a crowd received, and what that took. */
export interface Figures {
  open: number;
  frames: number;
  bytes: number;
  cpuMs: number;
  rssMb: number;
}

/** Many windows of one room, in one process. */
export class WindowCrowd {
  #clients: WindowClient[] = [];
  /** The first window of each member. */
  #choosers: WindowClient[] = [];
  readonly #random: () => number;
  readonly #absences: Absences;
  #waiting: WindowClient[] = [];
  #underWay = 0;
  #shown = 0;
  #onAllShown: (() => void) | null = null;
  #choosing: NodeJS.Timeout | undefined;
  #acks = 0;
  #awaited: { acks: number; resolve: () => void } | null = null;
  readonly #ends = new Map<string, number>();

  static async gather(options: CastOptions & { seed: number }): Promise<WindowCrowd> {
    const random = randomFrom(options.seed);
    const crowd = new WindowCrowd(await castOf(options, random), random);
    crowd.#beat();
    return crowd;
  }

  private constructor(cast: Awaited<ReturnType<typeof castOf>>, random: () => number) {
    this.#random = random;
    const members = cast.flatMap(({ page }) => (page.isMember ? [page.user] : []));
    this.#absences = new Absences([...new Set(members)].toSorted().slice(0, LIMIT));
    for (const { page, chooses } of cast) {
      const client = new WindowClient(page, {
        onState: (_client, state, isFirst) => {
          this.#absences.look(page, state);
          if (isFirst) this.#noteShown();
        },
        onWelcome: () => this.#noteOpened(),
        onAck: () => this.#countAck(),
        onClose: (_client, was, refusal) => this.#noteEnd(client, was, refusal),
      });
      this.#clients.push(client);
      if (chooses) this.#choosers.push(client);
    }
  }

  /** The users who are present by these windows, and the number of their connections. */
  present(): [user: string, connections: number][] {
    const members = this.#clients.filter(({ page }) => page.isMember);
    const users = Map.groupBy(members, ({ page }) => page.user);
    return [...users].map(([user, tabs]) => [user, tabs.length]);
  }

  /** Opens the windows that are not open; resolves once each has been shown the room. */
  connect(): Promise<void> {
    this.#waiting = this.#clients.filter(({ isOpen }) => !isOpen);
    return new Promise((resolve) => {
      this.#onAllShown = resolve;
      this.#open();
    });
  }

  /** Has members choose, so many a second in all; none do so after `choose(0)`. */
  choose(perSecond: number): void {
    clearInterval(this.#choosing);
    if (perSecond === 0) return;
    let due = 0;
    let last = performance.now();
    this.#choosing = setInterval(() => {
      const now = performance.now();
      // After it was held up, it must not make up for all of that at once.
      due = Math.min(perSecond / 4, due + ((now - last) / 1000) * perSecond);
      last = now;
      for (; due >= 1; due--) this.#chooseOne();
    }, 10);
  }

  /** Resolves as soon as this many more choices have been acknowledged. */
  untilAcked(more: number): Promise<void> {
    return new Promise((resolve) => {
      this.#awaited = { acks: this.#acks + more, resolve };
    });
  }

  /** Removes the last windows for good, all closed; returns the users who have none left. */
  lose(count: number): string[] {
    const lost = this.#clients.splice(-count);
    this.#choosers = this.#choosers.filter((client) => !lost.includes(client));
    const kept = new Set(this.present().map(([user]) => user));
    const members = lost.filter(({ page }) => page.isMember).map(({ page }) => page.user);
    return [...new Set(members)].filter((user) => !kept.has(user));
  }

  /** The windows that do not show what the room answers. */
  disagreeing(truth: Truth): string[] {
    return disagreeing(this.#clients, truth);
  }

  /** The users who were shown as absent to somebody since the last call. */
  takeAbsences(): Absence[] {
    return this.#absences.take();
  }

  /** When the last window of each user was welcomed. */
  welcomed(): [user: string, at: number][] {
    const users = Map.groupBy(this.#clients, ({ page }) => page.user);
    return [...users].map(([user, tabs]) => {
      return [user, Math.max(...tabs.map(({ welcomedAt }) => welcomedAt))];
    });
  }

  /** The statuses of which one is the one that a user chose. */
  possible(): [user: string, statuses: readonly (Status | null)[]][] {
    return this.#choosers.map(({ page, possible }) => [page.user, possible]);
  }

  /** How connections ended, and how often, since the last call. */
  takeEnds(): [how: string, times: number][] {
    const ends = [...this.#ends];
    this.#ends.clear();
    return ends;
  }

  figures(): Figures {
    const sum = (of: (client: WindowClient) => number) =>
      this.#clients.reduce((total, client) => total + of(client), 0);
    const { user, system } = process.cpuUsage();
    return {
      open: sum(({ isOpen }) => Number(isOpen)),
      frames: sum(({ frames }) => frames),
      bytes: sum(({ bytes }) => bytes),
      cpuMs: Math.round((user + system) / 1000),
      rssMb: Math.round(process.memoryUsage.rss() / 2 ** 20),
    };
  }

  #beat(): void {
    let beats = 0;
    setInterval(() => {
      const turn = beats++ % BEATS;
      for (let at = turn; at < this.#clients.length; at += BEATS) this.#clients[at]!.ping();
    }, BEAT_MS);
  }

  #open(): void {
    while (this.#underWay < AT_ONCE && this.#waiting.length > 0) {
      this.#underWay++;
      this.#waiting.shift()!.connect();
    }
  }

  #noteOpened(): void {
    this.#underWay--;
    this.#open();
  }

  #noteShown(): void {
    this.#shown++;
    if (this.#shown < this.#clients.length) return;
    this.#onAllShown?.();
    this.#onAllShown = null;
  }

  #noteEnd(client: WindowClient, was: Progress, refusal = "closed"): void {
    this.#ends.set(refusal, (this.#ends.get(refusal) ?? 0) + 1);
    if (was === "shown") this.#shown--;
    if (was === "opening") this.#underWay--;
    if (this.#onAllShown === null) return;
    setTimeout(() => {
      this.#waiting.push(client);
      this.#open();
    }, RETRY_MS);
  }

  #chooseOne(): void {
    const client = this.#choosers[Math.floor(this.#random() * this.#choosers.length)]!;
    if (client.isShown) client.choose(CHOICES[Math.floor(this.#random() * CHOICES.length)]!);
  }

  #countAck(): void {
    this.#acks++;
    if (this.#awaited && this.#acks >= this.#awaited.acks) this.#awaited.resolve();
  }
}
