import { nowMs } from "./clock.ts";
import type { Reached } from "./reached.ts";

/** A count to wait for. */
export class Waiter {
  #count = 0;
  #goal = Number.POSITIVE_INFINITY;
  #onReached: (() => void) | null = null;
  /** When the count last grew. */
  #changedAt = 0;

  get count(): number {
    return this.#count;
  }

  reset(count: number): void {
    this.#count = count;
    this.#changedAt = nowMs();
  }

  add(count: number): void {
    this.#count += count;
    this.#changedAt = nowMs();
    if (this.#count >= this.#goal) this.#onReached?.();
  }

  /** Resolves once the count has reached the goal, with the time at which it did. */
  reach(goal: number, timeoutMs: number): Promise<Reached> {
    if (this.#count >= goal) {
      return Promise.resolve({ atMs: this.#changedAt, clients: this.#count });
    }
    return new Promise((resolve) => {
      const end = (atMs: number | null) => {
        clearTimeout(timer);
        this.#goal = Number.POSITIVE_INFINITY;
        this.#onReached = null;
        resolve({ atMs, clients: this.#count });
      };
      const timer = setTimeout(() => end(null), Math.max(0, timeoutMs));
      this.#goal = goal;
      this.#onReached = () => end(this.#changedAt);
    });
  }
}
