import type { Result } from "./results.ts";

/** Finds figures among the results of all measures. */
export class Lookup {
  readonly #results: readonly Result[];

  constructor(results: readonly Result[]) {
    this.#results = results;
  }

  /** The median; `undefined` if it was not measured, `null` if it was not reached. */
  figure(
    measure: string,
    subject: string,
    system: string,
    key: string,
    offersDeflate?: boolean,
  ): number | null | undefined {
    return this.#results.find(
      (result) =>
        result.measure === measure &&
        result.subject.startsWith(subject) &&
        result.system === system &&
        (offersDeflate === undefined || (result.compression !== "no") === offersDeflate),
    )?.figures[key];
  }
}
