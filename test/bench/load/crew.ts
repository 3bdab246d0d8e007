import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Latency } from "./change-watch.ts";
import type { Crowd, CrowdOptions, Received } from "./crowd.ts";
import type { Reached } from "./reached.ts";
import type { Answer, Method } from "./crowd-process.ts";

export type CrewOptions = Omit<CrowdOptions, "first" | "count"> & {
  /** Users from this one on, shared out among the processes. */
  first?: number;
  count?: number;
  processes?: number;
};

/** A crowd in separate processes. Times are `nowMs`, which all processes share. */
export class Crew {
  readonly #hands: Hand[];
  readonly #shares: { first: number; count: number }[];

  private constructor(hands: Hand[], shares: { first: number; count: number }[]) {
    this.#hands = hands;
    this.#shares = shares;
  }

  static async gather(options: CrewOptions): Promise<Crew> {
    const { first = 0, count = options.size, processes = 1 } = options;
    const share = Math.ceil(count / processes);
    const shares = Array.from({ length: processes }, (_, index) => ({
      first: first + index * share,
      count: Math.min(share, count - index * share),
    }));
    const hands = shares.map(() => new Hand());
    await Promise.all(
      hands.map((hand, index) => hand.ask({ make: { ...options, ...shares[index]! } })),
    );
    return new Crew(hands, shares);
  }

  connect(timeoutMs: number): Promise<Reached> {
    return this.#reach("connect", timeoutMs);
  }

  knows(online: number, timeoutMs: number): Promise<Reached> {
    return this.#reach("knows", online, timeoutMs);
  }

  reload(pauseMs: number, timeoutMs: number): Promise<Reached> {
    return this.#reach("reload", pauseMs, timeoutMs);
  }

  changesSeen(timeoutMs: number): Promise<Reached> {
    return this.#reach("changesSeen", timeoutMs);
  }

  async expect(users: number[]): Promise<void> {
    await this.#all("expect", users);
  }

  change(user: number): Promise<number> {
    const index = this.#shares.findIndex(({ first, count }) => user < first + count);
    return this.#hands[index]!.do("change", user);
  }

  /** Only for a crew of one process. */
  async say(user: number, text: string): Promise<void> {
    await this.#hands[0]!.do("say", user, text);
  }

  /** Only for a crew of one process. */
  ask(user: number, text: string): Promise<number> {
    return this.#hands[0]!.do("ask", user, text);
  }

  /** Only for a crew of one process. */
  async changeAll(users: number[], perSecond: number): Promise<void> {
    await this.#hands[0]!.do("changeAll", users, perSecond);
  }

  /** Of every expected change, until the last client of all processes had it. */
  async latencies(): Promise<(number | null)[]> {
    const all = await this.#all<Latency[]>("latencies");
    return all[0]!.map((_, index) => {
      const each = all.map((latencies) => latencies[index]!);
      if (each.some(({ lastAt }) => lastAt === null)) return null;
      const sentAt = Math.max(...each.map((latency) => latency.sentAt));
      return Math.max(...each.map(({ lastAt }) => lastAt!)) - sentAt;
    });
  }

  /** Of every expected change, when it was sent and seen. Only for a crew of one process. */
  changes(): Promise<Latency[]> {
    return this.#hands[0]!.do("latencies");
  }

  /** So many in each process. */
  async drop(count: number): Promise<void> {
    await this.#all("drop", count / this.#hands.length);
  }

  async received(): Promise<Received> {
    const all = await this.#all<Received>("received");
    const sum = (key: keyof Received) => all.reduce((total, each) => total + each[key], 0);
    return {
      messages: sum("messages"),
      wireBytes: sum("wireBytes"),
      payloadBytes: sum("payloadBytes"),
      cpuMs: sum("cpuMs"),
    };
  }

  async size(): Promise<number> {
    return (await this.#all<number>("size")).reduce((sum, size) => sum + size, 0);
  }

  async isCompressed(): Promise<boolean> {
    return (await this.#all<boolean>("isCompressed")).every(Boolean);
  }

  async refusals(): Promise<string[]> {
    return (await this.#all<string[]>("refusals")).flat();
  }

  async dismiss(): Promise<void> {
    await Promise.all(this.#hands.map((hand) => hand.dismiss()));
  }

  async #reach(method: Method, ...args: unknown[]): Promise<Reached> {
    const all = await this.#all<Reached>(method, ...args);
    const times = all.map(({ atMs }) => atMs);
    return {
      atMs: times.includes(null) ? null : Math.max(...(times as number[])),
      clients: all.reduce((sum, { clients }) => sum + clients, 0),
    };
  }

  #all<Result>(method: Method, ...args: unknown[]): Promise<Result[]> {
    return Promise.all(this.#hands.map((hand) => hand.do<Result>(method, ...args)));
  }
}

/** One process of the generator. */
class Hand {
  readonly #child: ChildProcess;
  readonly #calls = new Map<number, (answer: Answer) => void>();
  #called = 0;

  constructor() {
    this.#child = fork(join(import.meta.dirname, "crowd-process.ts"), {
      execArgv: ["--disable-warning=ExperimentalWarning", "--max-semi-space-size=64"],
    });
    this.#child.on("message", (answer: Answer) => {
      this.#calls.get(answer.call)!(answer);
      this.#calls.delete(answer.call);
    });
    this.#child.once("exit", (code) => {
      for (const [call, settle] of this.#calls) settle({ call, error: `It ended: ${code}.` });
    });
  }

  do<Result>(method: keyof Crowd, ...args: unknown[]): Promise<Result> {
    return this.ask<Result>({ method, args });
  }

  ask<Result>(request: object): Promise<Result> {
    const call = ++this.#called;
    return new Promise<Result>((resolve, reject) => {
      this.#calls.set(call, (answer) => {
        if ("error" in answer) reject(new Error(answer.error));
        else resolve(answer.result as Result);
      });
      this.#child.send({ call, ...request });
    });
  }

  async dismiss(): Promise<void> {
    const exited = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exited;
  }
}
