/** Up to this many new ids are inserted one by one; more are appended, and all are sorted. */
const FEW = 64;

/**
 * Ids ordered by code units. Adding one is cheap: new ids are sorted in only before the next read.
 *
 * @example
 * const ids = new SortedIds(["eve", "ada"]);
 * ids.first(1); // ["ada"]
 */
export class SortedIds {
  readonly #ids: string[];
  /** Added, and not in their places yet. */
  readonly #added = new Set<string>();

  constructor(ids: Iterable<string> = []) {
    this.#ids = [...ids].toSorted();
  }

  /** Adds one that is not among them. */
  add(id: string): void {
    this.#added.add(id);
  }

  delete(id: string): void {
    if (this.#added.delete(id)) return;
    const at = placeOf(this.#ids, id);
    if (this.#ids[at] === id) this.#ids.splice(at, 1);
  }

  /** The first `count` of them, without those in `except`. */
  first(count: number, except: ReadonlySet<string> = NONE): string[] {
    this.#settle();
    if (except.size === 0) return this.#ids.slice(0, count);
    const found: string[] = [];
    for (const id of this.#ids) {
      if (found.length >= count) break;
      if (!except.has(id)) found.push(id);
    }
    return found;
  }

  /** The first `count` that come after an id, which need not be among them. */
  after(id: string, count: number): string[] {
    this.#settle();
    const at = placeOf(this.#ids, id);
    const from = this.#ids[at] === id ? at + 1 : at;
    return this.#ids.slice(from, from + count);
  }

  #settle(): void {
    if (this.#added.size === 0) return;
    if (this.#added.size > FEW) {
      for (const id of this.#added) this.#ids.push(id);
      // By code units.
      this.#ids.sort();
    } else {
      for (const id of this.#added) this.#ids.splice(placeOf(this.#ids, id), 0, id);
    }
    this.#added.clear();
  }
}

const NONE: ReadonlySet<string> = new Set();

/** The index of an id in a sorted list, or where to insert it. */
function placeOf(ids: readonly string[], id: string): number {
  let low = 0;
  let high = ids.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ids[middle]! < id) low = middle + 1;
    else high = middle;
  }
  return low;
}
