import { waitUntil } from "cloudflare:workers";
import { ExpiringMap } from "./expiring-map.ts";
import { within } from "./time-limit.ts";

/** How long others wait for work under way; a request that comes later starts it again. */
const LONGEST_MS = 3_000;
const MAX_RUNNING = 1_000;

/**
 * Does work once for all requests that need it at the same time. On this platform a request may await
 * another's promise, but waits for ever if that request is cancelled with its client. So each has a
 * timer of its own, and the request that does the work is kept alive until it is done.
 *
 * @example
 * const fetches = new SharedWork<JsonAnswer>();
 * const answer = await fetches.run(url, () => fetchJson(url));
 */
export class SharedWork<Result> {
  readonly #running = new ExpiringMap<Promise<Result>>(MAX_RUNNING);

  /** Awaits the work under way for this key, or starts it. */
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
