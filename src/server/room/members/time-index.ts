interface Entry {
  key: string;
  time: number;
}

/** How many outdated entries are kept before the heap is rebuilt. */
const SLACK = 64;

function isBefore(a: Entry, b: Entry): boolean {
  return a.time < b.time || (a.time === b.time && a.key < b.key);
}

/**
 * Keys ordered by time; equal times are ordered by key, so that the order survives a restart. Setting
 * a key costs O(log n), looking at the first O(1).
 *
 * @example
 * const deadlines = new TimeIndex();
 * deadlines.set("ada", now + 8_000);
 * deadlines.first; // { key: "ada", time: … }
 */
export class TimeIndex {
  readonly #times = new Map<string, number>();
  /** A binary heap. A key's outdated entries stay in it until they come up. */
  #heap: Entry[] = [];

  /** How many keys have a time. */
  get size(): number {
    return this.#times.size;
  }

  has(key: string): boolean {
    return this.#times.has(key);
  }

  /** The key with the earliest time. */
  get first(): Readonly<Entry> | undefined {
    while (this.#heap.length > 0 && this.#isOutdated(this.#heap[0]!)) this.#removeTop();
    return this.#heap[0];
  }

  /** The earliest time; `Infinity` for none. */
  get firstTime(): number {
    return this.first?.time ?? Number.POSITIVE_INFINITY;
  }

  /** Sets the time of a key; `Infinity` removes the key. */
  set(key: string, time: number): void {
    if (!(time < Number.POSITIVE_INFINITY)) return this.delete(key);
    if (this.#times.get(key) === time) return;
    this.#times.set(key, time);
    if (this.#heap.length > 2 * this.#times.size + SLACK) this.#rebuild();
    else this.#add({ key, time });
  }

  delete(key: string): void {
    this.#times.delete(key);
  }

  /** Takes the keys whose time has come, the earliest first. */
  *takeUntil(now: number): Iterable<string> {
    for (let first = this.first; first && first.time <= now; first = this.first) {
      this.delete(first.key);
      yield first.key;
    }
  }

  clear(): void {
    this.#times.clear();
    this.#heap = [];
  }

  #isOutdated({ key, time }: Entry): boolean {
    return this.#times.get(key) !== time;
  }

  #rebuild(): void {
    // A sorted array is a heap.
    this.#heap = Array.from(this.#times, ([key, time]) => ({ key, time }));
    this.#heap.sort((a, b) => (isBefore(a, b) ? -1 : 1));
  }

  #add(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(entry, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = entry;
  }

  #removeTop(): void {
    const heap = this.#heap;
    const entry = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, entry)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = entry;
  }
}
