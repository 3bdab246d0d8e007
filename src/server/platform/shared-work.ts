import { waitUntil } from "cloudflare:workers";
import { ExpiringMap } from "./expiring-map.ts";
import { within } from "./time-limit.ts";

/** Who joins in waits no longer, and who comes later than that starts anew. */
const LONGEST_MS = 3_000;
const MAX_RUNNING = 1_000;

/**
 * Does work once for all requests that need it at the same time. A request may wait for a promise of
 * another's on this platform, but may wait for ever where that one is cancelled with its client: so
 * each waits by a timer of its own, and whoever does the work is kept until it is done.
 *
 * @example
 * const fetches = new SharedWork<JsonAnswer>();
 * const answer = await fetches.run(url, () => fetchJson(url));
 */
export class SharedWork<Result> {
  readonly #running = new ExpiringMap<Promise<Result>>(MAX_RUNNING);

  /** Answers what the work under way for this key does, or starts it. */
  async run(key: string, work: () => Promise<Result>): Promise<Result> {
    const now = Date.now();
    const running = this.#running.get(key, now);
    if (running) return within(LONGEST_MS, () => running);
    const started = work();
    this.#running.set(key, started, now + LONGEST_MS);
    const end = () => this.#running.delete(key);
    waitUntil(started.then(end, end));
    return started;
  }
}
