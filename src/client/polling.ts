import type { Data, Delta, Self, Snapshot, Status } from "../protocol/messages.ts";
import { Pause } from "./pause.ts";
import { refusalIn, withinLimits, type Refusal } from "./refusal.ts";
import type { SignIn } from "./sign-in.ts";
import { LEAST_POLL_MS, MOST_POLL_MS } from "./times.ts";

/** A poll comes so often in the time that the lease has left, within bounds. */
const POLLS_PER_LEASE = 5;

/** What is said at each poll (SPEC P1). */
export interface PollBody {
  since?: string | undefined;
  /** Of a window (SPEC S4). */
  limit?: number;
  watch?: string[];
  idle: boolean;
  status?: Status | null;
  data?: Data | null;
}

/** What the room answers; to who only reads, the room alone. `expiresAt` is ISO 8601. */
export type PollAnswer = Lease | (Snapshot & { [Key in keyof Lease]?: undefined });

interface Lease {
  lease: string;
  expiresAt: string;
  self: Self;
  state: Snapshot | Delta;
}

/** Who is to be in the room. */
export interface PollingOwner {
  readonly room: URL;
  readonly signIn: SignIn;
  /** Whether nobody is to be present: then the room is only read. */
  readonly isWatcher: boolean;
  fetch(url: URL, request: RequestInit): Promise<Response>;
  /** What to say now. */
  pollBody(): PollBody;
  onAnswer(answer: PollAnswer): void;
  /** It was not told to the room: what was to be said is to be said again. */
  onLost(): void;
}

/** Keeps a place in the room by plain HTTP, where no WebSocket gets through (SPEC P). */
export class Polling {
  readonly #owner: PollingOwner;
  readonly #onRefusal: (refusal: Refusal) => void;
  readonly #pause = new Pause();
  /** `undefined` where no poll has worked; empty where nobody is present by it. */
  #lease: string | undefined;
  #isOn = false;
  #isRunning = false;
  #isHurried = false;

  /** `onRefusal` is told where the room does not take this client, or what it said. */
  constructor(owner: PollingOwner, onRefusal: (refusal: Refusal) => void) {
    this.#owner = owner;
    this.#onRefusal = onRefusal;
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
    this.#release((url, body) => globalThis.navigator?.sendBeacon?.(url, body), true);
    this.stop();
  }

  /** A lease that ends while its renewal is on the way would be made anew: they follow one another. */
  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#isOn) {
      this.#isHurried = false;
      const waitMs = await this.#poll();
      // What never worked is tried again when the next socket fails.
      if (this.#lease === undefined) this.#isOn = false;
      if (this.#isOn && !this.#isHurried) await this.#pause.wait(waitMs);
    }
    this.#isRunning = false;
    const request = { ...withinLimits(), method: "POST", keepalive: true };
    // Where nobody hears it, the lease runs out.
    this.#release((url, body) => this.#owner.fetch(url, { ...request, body }).catch(() => {}));
  }

  /** Ends the lease, where there is one. */
  #release(send: (url: URL, body: string) => unknown, closing?: true): void {
    const lease = this.#lease;
    this.#lease = undefined;
    if (lease) send(this.#urlOf("/me/leave"), JSON.stringify({ lease, closing }));
  }

  /** Answers after how long to poll next. */
  async #poll(): Promise<number> {
    const owner = this.#owner;
    try {
      const url = this.#urlOf(owner.isWatcher ? "" : "/me");
      const headers = await owner.signIn.authorize(url);
      const request = owner.isWatcher
        ? {}
        : { method: "PUT", body: JSON.stringify({ lease: this.#lease, ...owner.pollBody() }) };
      const response = await owner.fetch(url, { ...withinLimits(), headers, ...request });
      const answer = (await response.json()) as PollAnswer;
      const refusal = refusalIn(response, answer);
      if (!refusal) {
        const { lease = "", expiresAt } = answer;
        this.#lease = lease;
        if (this.#isOn) owner.onAnswer(answer);
        const leftMs = Date.parse(expiresAt!) - Date.now();
        return (
          Math.min(MOST_POLL_MS, Math.max(LEAST_POLL_MS, leftMs / POLLS_PER_LEASE)) || MOST_POLL_MS
        );
      }
      // A service of an older version has no such URL, and no ticket is good for reading.
      if (refusal.status !== 404 && !owner.isWatcher) {
        if (this.#isOn) this.#onRefusal(refusal);
        return Math.max(LEAST_POLL_MS, refusal.retryAfterMs);
      }
    } catch {
      // Nobody answered, or the app's hook failed.
    }
    if (this.#isOn) owner.onLost();
    return MOST_POLL_MS * Math.random();
  }

  #urlOf(path: string): URL {
    const url = new URL(this.#owner.room);
    url.pathname += path;
    return url;
  }
}
