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

/** What this isolate knows about an address in this minute: the platform's limiter only counts. */
class Minute {
  failures = 0;
  /** Whether the limiter said that the address has used up its failures. */
  isOver = false;
  /** How many credentials are being checked with another service. */
  checks = 0;
  readonly #waiting = new Set<() => void>();

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
  wake(): void {
    let woken = 0;
    for (const resolve of this.#waiting) {
      if (!this.isOver && ++woken > this.turns) return;
      resolve();
    }
  }
}

const minutes = new ExpiringMap<Minute>(MAX_ADDRESSES);

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
    return address !== null && (minutes.get(address, Date.now())?.isOver ?? false);
  }

  /**
   * Call it before another service (the app, a key server, a user's object) is asked about the
   * credential. Many credentials may be checked at a time, as when an office reconnects, but never
   * more than may still fail.
   *
   * @throws Refusal `rate_limited`, `session_unavailable` if no turn came in time.
   */
  async beforeAsking(): Promise<void> {
    const minute = this.#minute();
    if (!minute || this.#endTurn) return;
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    // A request whose client gives up would keep its turn for ever.
    waitUntil(ended);
    this.#endTurn = resolve;
    const until = Date.now() + LONGEST_WAIT_MS;
    while (!minute.isOver && minute.turns <= 0) await minute.untilTurn(until - Date.now());
    if (minute.isOver) throw new Refusal("rate_limited");
    minute.checks++;
    this.#endTurn = () => {
      minute.checks--;
      minute.wake();
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
    const address = this.#address();
    const minute = this.#minute();
    if (minute) minute.failures++;
    if (!minute?.isOver) {
      const { success } = await this.#limiter.limit({ key: `address:${address ?? "unknown"}` });
      if (success) return;
      if (minute) {
        minute.isOver = true;
        minute.wake();
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
  #minute(): Minute | null {
    const address = this.#limiter ? this.#address() : null;
    if (address === null) return null;
    const now = Date.now();
    let minute = minutes.get(address, now);
    if (!minute) minutes.set(address, (minute = new Minute()), endOfMinute(now));
    return minute;
  }
}
