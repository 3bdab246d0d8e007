import { LEAST_RENEWAL_MS, MOST_RENEWAL_MS } from "./times.ts";

/**
 * Renews a session that expires soon at once, because background tabs throttle timers but still
 * receive messages. If it tried a moment ago, as with sessions shorter than the room's notice, it
 * waits for half of the remaining time.
 */
export class Renewal {
  readonly #renew: () => Promise<void>;
  #triedAt = -Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `renew` rejects to be tried again. */
  constructor(renew: () => Promise<void>) {
    this.#renew = renew;
  }

  /** The session ends at `expiresAt`, in milliseconds. */
  due(expiresAt: number): void {
    this.cancel();
    const now = Date.now();
    const pauseMs = Math.min(MOST_RENEWAL_MS, Math.max(LEAST_RENEWAL_MS, (expiresAt - now) / 2));
    const waitMs = this.#triedAt + pauseMs - now;
    if (waitMs <= 0) void this.#try(expiresAt);
    else this.#timer = setTimeout(() => void this.#try(expiresAt), waitMs);
  }

  cancel(): void {
    clearTimeout(this.#timer);
  }

  async #try(expiresAt: number): Promise<void> {
    this.#triedAt = Date.now();
    await this.#renew().catch(() => {
      if (Date.now() < expiresAt) this.due(expiresAt);
    });
  }
}
