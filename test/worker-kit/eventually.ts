import { vi } from "vitest";

/** Waits until `check` passes, and fails as it did last; long enough for a busy machine. */
export function eventually<Result>(check: () => Result | Promise<Result>): Promise<Result> {
  return vi.waitFor(check, { timeout: 40_000, interval: 10 });
}

/** Waits until something holds. */
export function until(holds: () => unknown): Promise<void> {
  return eventually(async () => {
    if (!(await holds())) throw new Error(`Not in time: ${holds}`);
  });
}
