/** So many numbers are taken at once: one row written for all of them. */
const BLOCK = 1_000;

/**
 * Numbers that only grow, over restarts too, after which some are left out. `reserve` stores that
 * all below a number are taken.
 *
 * @example
 * const sequence = new Sequence(0, (below) => store.reserveEvents(below));
 * sequence.next(); // 1
 */
export class Sequence {
  readonly #reserve: (below: number) => void;
  #last: number;
  #reserved: number;

  /** `reserved` is what was stored last, 0 for nothing. */
  constructor(reserved: number, reserve: (below: number) => void) {
    this.#last = reserved;
    this.#reserved = reserved;
    this.#reserve = reserve;
  }

  next(): number {
    if (this.#last === this.#reserved) {
      this.#reserve(this.#reserved + BLOCK);
      this.#reserved += BLOCK;
    }
    return ++this.#last;
  }
}
