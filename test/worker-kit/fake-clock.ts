import { vi } from "vitest";

/** More than the longest chain of promises between two timers of a model has. */
const MICROTASKS = 50;

/**
 * Lets time pass on the fake clock for a model, which waits for nothing outside: what follows from a
 * timer is done in microtasks. Vitest's own function waits for a task of the platform after each timer,
 * which takes workerd a millisecond.
 */
export async function pass(ms: number): Promise<void> {
  const end = { isReached: false };
  setTimeout(() => (end.isReached = true), ms);
  await settle();
  while (!end.isReached) {
    vi.advanceTimersToNextTimer();
    await settle();
  }
}

async function settle(): Promise<void> {
  for (let n = 0; n < MICROTASKS; n++) await null;
}
