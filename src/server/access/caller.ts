import { waitUntil } from "cloudflare:workers";
import { Refusal } from "../errors.ts";
import { ExpiringMap } from "../platform/expiring-map.ts";
import { within } from "../platform/time-limit.ts";

const MINUTE_MS = 60_000;
const MAX_ADDRESSES = 5_000;
/** How many credentials of an address may be checked with other services at a time, less those that failed. */
const MAX_CHECKS = 60;
/** A caller who waits this long for a turn, or finds this many waiting, is refused for now. */
const LONGEST_WAIT_MS = 3_000;
const MAX_WAITING = 240;

/** What this isolate knows about an address: the platform's limiter only counts. */
class Address {
  /** In this minute. */
  failures = 0;
  /** Whether the limiter said that the address has used up its failures of this minute. */
  isOver = false;
  /** How many credentials are being checked with another service, whenever that began. */
  checks = 0;
  #minuteEndsAt = 0;
  readonly #waiting = new Set<() => void>();

  /** Starts a new count if another minute has begun. */
  beginMinute(now: number): void {
    if (now < this.#minuteEndsAt) return;
    this.#minuteEndsAt = endOfMinute(now);
    this.failures = 0;
    this.isOver = false;
  }

  get turns(): number {
    return Math.max(1, MAX_CHECKS - this.failures) - this.checks;
  }

  /** Waits until a turn may be free, or the limit is reached. */
  async untilTurn(limitMs: number): Promise<void> {
    if (this.#waiting.size >= MAX_WAITING) throw new Refusal("session_unavailable");
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.add(resolve);
    try {
      await within(limitMs, () => promise);
    } catch {
      throw new Refusal("session_unavailable");
    } finally {
      this.#waiting.delete(resolve);
    }
  }

  /** Wakes as many of the waiting as there are turns. */
  wake(now: number): void {
    this.beginMinute(now);
    let woken = 0;
    for (const resolve of this.#waiting) {
      if (!this.isOver && ++woken > this.turns) return;
      resolve();
    }
  }
}

const addresses = new ExpiringMap<Address>(MAX_ADDRESSES);

/** When the platform's limiter starts a new count. */
export function endOfMinute(now: number): number {
  return (Math.floor(now / MINUTE_MS) + 1) * MINUTE_MS;
}

/**
 * The caller who sends a credential; if it fails, it counts against their address (SPEC A7). Make one
 * for each credential, and {@link finish} it.
 */
export class Caller {
  readonly #limiter: RateLimit | undefined;
  readonly #address: () => string | null;
  /** Ends the turn to ask another service, if there was one. */
  #endTurn: (() => void) | undefined;

  /** `address` returns what `addressOf` does; it is called only if it matters. */
  constructor(limiter: RateLimit | undefined, address: () => string | null) {
    this.#limiter = limiter;
    this.#address = address;
  }

  /** Whether the address has used up its failures of this minute, as far as this isolate knows. */
  get isOver(): boolean {
    const address = this.#limiter ? this.#address() : null;
    const now = Date.now();
    const known = address === null ? undefined : addresses.get(address, now);
    known?.beginMinute(now);
    return known?.isOver ?? false;
  }

  /**
   * Call it before another service (the app, a key server, a user's object) is asked about the
   * credential. Many credentials may be checked at a time, as when an office reconnects, but never
   * more than may still fail.
   *
   * @throws Refusal `rate_limited`, `session_unavailable` if no turn came in time.
   */
  async beforeAsking(): Promise<void> {
    const address = this.#known();
    if (!address || this.#endTurn) return;
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    // A request whose client gives up would keep its turn for ever.
    waitUntil(ended);
    this.#endTurn = resolve;
    const until = Date.now() + LONGEST_WAIT_MS;
    while (!address.isOver && address.turns <= 0) await address.untilTurn(until - Date.now());
    if (address.isOver) throw new Refusal("rate_limited");
    address.checks++;
    this.#endTurn = () => {
      address.checks--;
      address.wake(Date.now());
      resolve();
    };
  }

  /**
   * Counts a credential that failed.
   *
   * @throws Refusal `rate_limited` if it was one too many.
   */
  async countFailure(): Promise<void> {
    if (!this.#limiter) return;
    const known = this.#known();
    if (known) known.failures++;
    if (!known?.isOver) {
      const key = `address:${this.#address() ?? "unknown"}`;
      const { success } = await this.#limiter.limit({ key });
      if (success) return;
      if (known) {
        known.isOver = true;
        known.wake(Date.now());
      }
    }
    throw new Refusal("rate_limited");
  }

  /** Call it when the credential has been judged and counted. */
  finish(): void {
    this.#endTurn?.();
    this.#endTurn = undefined;
  }

  /** `null` if nothing is counted, or if there is no address, which many callers share. */
  #known(): Address | null {
    const address = this.#limiter ? this.#address() : null;
    if (address === null) return null;
    const now = Date.now();
    const known = addresses.get(address, now) ?? new Address();
    known.beginMinute(now);
    // Who waits, or is being checked, when a minute ends is still known in the next.
    addresses.set(address, known, endOfMinute(now) + MINUTE_MS);
    return known;
  }
}
