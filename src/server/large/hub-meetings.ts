import { within } from "../platform/time-limit.ts";

/** The longest that a user who is about to join waits for the hub. */
const WAIT_MS = 5_000;
/** For how long a user may still be about to join. */
const EXPECTED_MS = 60_000;

/** The users who are about to join a shard, and wait until the hub has answered a report of it. */
export class HubMeetings {
  #begunAt = Number.NEGATIVE_INFINITY;
  #waiting: { number: number; resolve: () => void }[] = [];

  /** Notes that a user is about to join. */
  begin(now: number): void {
    this.#begunAt = now;
  }

  /** Whether a user may be about to join. */
  isExpecting(now: number): boolean {
    return now - this.#begunAt < EXPECTED_MS;
  }

  /**
   * Waits until the hub has answered the report of this number or a later one, for at most 5 s; `start`
   * runs a turn, which sends it.
   *
   * @throws Error if there is no answer by then.
   */
  async wait(number: number, start: () => void): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push({ number, resolve });
    start();
    await within(WAIT_MS, () => promise);
  }

  /** Notes that the hub has answered a report. */
  answered(report: number): void {
    for (const { number, resolve } of this.#waiting) if (number <= report) resolve();
    this.#waiting = this.#waiting.filter(({ number }) => number > report);
  }
}
