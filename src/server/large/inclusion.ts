import type { Copy } from "./copy.ts";
import type { Stream } from "./stream.ts";

/** Which of a shard's own changes its copy of the merged list includes. */
export class Inclusion {
  readonly #reports: Stream;
  readonly #copy: Copy;
  /** The number of the report that an id was last in, until the copy includes it. */
  readonly #reportedIn = new Map<string, number>();

  constructor(reports: Stream, copy: Copy) {
    this.#reports = reports;
    this.#copy = copy;
  }

  /** Whether the copy has a user as this shard knows them. */
  includes(user: string): boolean {
    if (this.#reports.hasPending(user)) return false;
    return (this.#reportedIn.get(user) ?? 0) <= this.#included;
  }

  /** Notes the report that an id is in. */
  noteReported(id: string, report: number): void {
    this.#reportedIn.set(id, report);
  }

  /** Call it when the copy has changed. */
  look(): void {
    const included = this.#included;
    for (const [id, number] of this.#reportedIn) {
      if (number <= included) this.#reportedIn.delete(id);
    }
  }

  /** The number of the latest report that the copy includes. */
  get #included(): number {
    const { included } = this.#copy;
    return included?.from === this.#reports.from ? included.number : 0;
  }
}
