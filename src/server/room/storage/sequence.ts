/** How many numbers are reserved at once, by one row written. */
const BLOCK = 1_000;

/**
 * Numbers that only grow, across restarts too; a restart may skip some. `reserve` stores that all
 * numbers up to the given one are taken.
 *
 * @example
 * const sequence = new Sequence(0, (below) => store.reserveEvents(below));
 * sequence.next(); // 1
 */
export class Sequence {
  readonly #reserve: (below: number) => void;
  #last: number;
  #reserved: number;

  /** `reserved` is the number stored last, 0 for none. */
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
