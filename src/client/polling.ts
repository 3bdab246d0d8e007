import type { Data, Delta, Self, Snapshot, Status } from "../protocol/messages.ts";
import { Pause } from "./pause.ts";
import { readRefusal, withinLimits, type Refusal } from "./refusal.ts";
import type { SignIn } from "./sign-in.ts";

/** A poll comes so often in the time that the lease has left, within bounds. */
const POLLS_PER_LEASE = 5;
const LEAST_MS = 2_000;
const MOST_MS = 10_000;

/** What is said at each poll (SPEC P1). */
export interface PollBody {
  since: string | undefined;
  idle: boolean;
  status?: Status | null;
  data?: Data | null;
}

/** What the room answers. `expiresAt` is ISO 8601. */
export interface PollAnswer {
  lease: string;
  expiresAt: string;
  self: Self;
  state: Snapshot | Delta;
}

export interface PollingOptions {
  room: URL;
  fetch: typeof fetch;
  signIn: SignIn;
  /** What to say now. */
  body(): PollBody;
  onAnswer(answer: PollAnswer): void;
  /** It was not told to the room: what was to be said is to be said again. */
  onLost(): void;
  /** The room does not take this client, for now or at all, or what it said (400). */
  onRefusal(refusal: Refusal): void;
}

/** Keeps a place in the room by plain HTTP, where no WebSocket gets through (SPEC P). */
export class Polling {
  readonly #options: PollingOptions;
  readonly #pause = new Pause();
  #lease: string | undefined;
  #isOn = false;
  #isRunning = false;
  #isHurried = false;

  constructor(options: PollingOptions) {
    this.#options = options;
  }

  /** Polls, once and for as long as that works. */
  start(): void {
    this.#isOn = true;
    if (!this.#isRunning) void this.#run();
  }

  /** Says at once what there is to say. */
  hurry(): void {
    this.#isHurried = true;
    this.#pause.hurry();
  }

  /** Ends the lease: the client has left, or is there by a socket. */
  stop(): void {
    this.#isOn = false;
    this.#pause.end();
  }

  /** The page goes: nothing can be waited for, and the lease ends with the grace (SPEC P2). */
  abandon(): void {
    if (this.#lease) {
      const body = JSON.stringify({ lease: this.#lease, closing: true });
      globalThis.navigator?.sendBeacon?.(this.#urlOf("me/leave"), body);
    }
    this.#lease = undefined;
    this.stop();
  }

  /** A lease that ends while its renewal is on the way would be made anew: they follow one another. */
  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#isOn) {
      this.#isHurried = false;
      const waitMs = await this.#poll();
      // What never worked is tried again when the next socket fails.
      if (!this.#lease) this.#isOn = false;
      if (this.#isOn && !this.#isHurried) await this.#pause.wait(waitMs);
    }
    this.#isRunning = false;
    const lease = this.#lease;
    this.#lease = undefined;
    if (lease) await this.#end(lease);
  }

  /** Answers after how long to poll next. */
  async #poll(): Promise<number> {
    try {
      const response = await this.#put();
      const refusal = await readRefusal(response);
      if (refusal) return this.#refuse(refusal);
      const answer = (await response.json()) as PollAnswer;
      const leftMs = Date.parse(answer.expiresAt) - Date.now();
      this.#lease = answer.lease;
      if (this.#isOn) this.#options.onAnswer(answer);
      return Math.min(MOST_MS, Math.max(LEAST_MS, leftMs / POLLS_PER_LEASE));
    } catch {
      // Nobody answered, or the app's hook failed.
      return this.#fail();
    }
  }

  #refuse(refusal: Refusal): number {
    // A service of an older version has no such URL.
    if (refusal.status === 404) return this.#fail();
    if (this.#isOn) this.#options.onRefusal(refusal);
    return Math.max(LEAST_MS, refusal.retryAfterMs);
  }

  #fail(): number {
    if (this.#isOn) this.#options.onLost();
    return MOST_MS * Math.random();
  }

  async #put(): Promise<Response> {
    const { signIn, body, fetch } = this.#options;
    const url = this.#urlOf("me");
    const headers = await signIn.authorize(url);
    return fetch(url, {
      ...withinLimits(),
      method: "PUT",
      headers: { "Content-Type": "application/json", ...headers },
      body: JSON.stringify({ lease: this.#lease, ...body() }),
    });
  }

  async #end(lease: string): Promise<void> {
    const body = JSON.stringify({ lease });
    const request = { ...withinLimits(), method: "POST", body, keepalive: true };
    // Where nobody hears it, the lease runs out.
    await this.#options.fetch(this.#urlOf("me/leave"), request).catch(() => {});
  }

  #urlOf(path: string): URL {
    const url = new URL(this.#options.room);
    url.pathname += `/${path}`;
    return url;
  }
}
