import type { Data, Delta, Self, Snapshot, Status } from "../protocol/messages.ts";
import { Pause } from "./pause.ts";
import { refusalIn, type Refusal } from "./refusal.ts";
import type { SignIn } from "./sign-in.ts";
import { LEAST_POLL_MS, MOST_POLL_MS, POLLS_PER_LEASE } from "./times.ts";

/** The body of each poll (SPEC P1). */
export interface PollBody {
  since?: string | undefined;
  /** For a window (SPEC S4). */
  limit?: number;
  watch?: string[];
  idle: boolean;
  status?: Status | null;
  data?: Data | null;
}

/** The room's answer; to a watcher, the room's state alone. `expiresAt` is ISO 8601. */
export type PollAnswer = Lease | (Snapshot & { [Key in keyof Lease]?: undefined });

interface Lease {
  lease: string;
  expiresAt: string;
  self: Self;
  state: Snapshot | Delta;
}

/** The owner of the polling. */
export interface PollingOwner {
  readonly room: URL;
  readonly signIn: SignIn;
  /** Whether it only watches: then the room is only read. */
  readonly isWatcher: boolean;
  /** Sends a request with the browser's cookie, and with a time limit. */
  fetch(url: URL, request?: RequestInit): Promise<Response>;
  /** The changes to send now. */
  pollBody(): PollBody;
  onAnswer(answer: PollAnswer): void;
  /** The poll failed: its changes must be sent again. */
  onLost(): void;
}

/** Keeps a place in the room over plain HTTP, if no WebSocket gets through (SPEC P). */
export class Polling {
  readonly #owner: PollingOwner;
  readonly #onRefusal: (refusal: Refusal) => void;
  readonly #pause = new Pause();
  /** `undefined` until a poll has worked; empty for a watcher. */
  #lease: string | undefined;
  #isOn = false;
  #isRunning = false;
  #isHurried = false;

  /** Calls `onRefusal` if the room refuses this client, or a request of it. */
  constructor(owner: PollingOwner, onRefusal: (refusal: Refusal) => void) {
    this.#owner = owner;
    this.#onRefusal = onRefusal;
  }

  /** Polls, at least once and for as long as that works. */
  start(): void {
    this.#isOn = true;
    if (!this.#isRunning) void this.#run();
  }

  /** Polls at once to send what is waiting. */
  hurry(): void {
    this.#isHurried = true;
    this.#pause.hurry();
  }

  /** Ends the lease: the client has left, or has a socket. */
  stop(): void {
    this.#isOn = false;
    this.#pause.end();
  }

  /** Ends the lease of a closing page with the grace period; nothing can be awaited (SPEC P2). */
  abandon(): void {
    this.#release((url, body) => globalThis.navigator?.sendBeacon?.(url, body), true);
    this.stop();
  }

  /**
   * A lease that ends during its renewal would be created again, so requests run one after another.
   */
  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#isOn) {
      this.#isHurried = false;
      const waitMs = await this.#poll();
      // If polling never worked, it is tried again when the next socket fails.
      if (this.#lease === undefined) this.#isOn = false;
      if (this.#isOn && !this.#isHurried) await this.#pause.wait(waitMs);
    }
    this.#isRunning = false;
    // If this does not arrive, the lease expires.
    this.#release((url, body) =>
      this.#owner.fetch(url, { method: "POST", keepalive: true, body }).catch(() => {}),
    );
  }

  /** Ends the lease, if there is one. */
  #release(send: (url: URL, body: string) => unknown, closing?: true): void {
    const lease = this.#lease;
    this.#lease = undefined;
    if (lease) send(this.#urlOf("/me/leave"), JSON.stringify({ lease, closing }));
  }

  /** Returns how long to wait until the next poll. */
  async #poll(): Promise<number> {
    const owner = this.#owner;
    try {
      const url = this.#urlOf(owner.isWatcher ? "" : "/me");
      const headers = await owner.signIn.authorize(url);
      const request = owner.isWatcher
        ? {}
        : { method: "PUT", body: JSON.stringify({ lease: this.#lease, ...owner.pollBody() }) };
      const response = await owner.fetch(url, { headers, ...request });
      const answer = (await response.json()) as PollAnswer;
      const refusal = refusalIn(response, answer);
      if (!refusal) {
        // Something else may answer a poll: that is no lease, and is not asked again.
        const { lease = owner.isWatcher ? "" : undefined, expiresAt } = answer;
        this.#lease = lease;
        if (this.#isOn) owner.onAnswer(answer);
        const leftMs = Date.parse(expiresAt!) - Date.now();
        return (
          Math.min(MOST_POLL_MS, Math.max(LEAST_POLL_MS, leftMs / POLLS_PER_LEASE)) || MOST_POLL_MS
        );
      }
      // A service of an older version has no such URL, and tickets cannot read.
      if (refusal.status !== 404 && !owner.isWatcher) {
        if (this.#isOn) this.#onRefusal(refusal);
        return Math.max(LEAST_POLL_MS, refusal.retryAfterMs);
      }
    } catch {
      // No answer, or the app's hook failed.
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
