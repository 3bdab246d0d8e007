import { nowMs } from "./clock.ts";
import type { Reached } from "./reached.ts";
import { Waiter } from "./waiter.ts";

/** The time from sending a change to its last arrival; `null` if it did not arrive everywhere. */
export interface Latency {
  user: number;
  sentAt: number;
  lastAt: number | null;
}

/** Follows changes from their sending to their arrival at the last client. */
export class ChangeWatch {
  readonly #order: number[];
  readonly #pending = new Map<number, { sentAt: number; missing: number; lastAt: number | null }>();
  readonly #arrived = new Waiter();

  /** `order` gets the users in the order in which they are expected. */
  constructor(order: number[]) {
    this.#order = order;
  }

  /** Each is expected at as many clients as `watchers` says; one that is nobody's is not waited for. */
  expect(users: number[], watchers: (user: number) => number): void {
    this.#pending.clear();
    this.#arrived.reset(0);
    this.#order.push(...users);
    for (const user of users) {
      const missing = watchers(user);
      if (missing > 0) this.#pending.set(user, { sentAt: 0, missing, lastAt: null });
    }
  }

  sent(user: number, at: number): void {
    const change = this.#pending.get(user);
    if (change) change.sentAt = at;
  }

  /** One client has one more change. */
  seen(user: number): void {
    const change = this.#pending.get(user);
    if (!change || --change.missing > 0) return;
    change.lastAt = nowMs();
    this.#arrived.add(1);
  }

  all(timeoutMs: number): Promise<Reached> {
    return this.#arrived.reach(this.#pending.size, timeoutMs);
  }

  latencies(): Latency[] {
    return [...this.#pending].map(([user, { sentAt, lastAt }]) => ({ user, sentAt, lastAt }));
  }
}
