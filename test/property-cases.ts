import fc from "fast-check";
import { inject } from "vitest";

declare module "vitest" {
  interface ProvidedContext {
    /** Where the cases of property tests begin. */
    seed: number;
    /** How many times as many cases are run. */
    effort: number;
  }
}

fc.configureGlobal({ seed: inject("seed"), numRuns: runs(100) });

/** So many cases of a property, or that times `EFFORT` in a search for faults. */
export function runs(count: number): number {
  return count * inject("effort");
}
