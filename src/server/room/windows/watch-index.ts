/** Most users have a single watcher: a set for each would cost more than everything else. */
type Watchers<Watcher> = { id: string; by: Watcher | Set<Watcher> };

/**
 * The watchers of each user. Each id is stored once, however many watch it.
 *
 * @example
 * index.add("ada", connection);
 * [...index.of("ada")]; // [connection]
 */
export class WatchIndex<Watcher extends object> {
  readonly #watched = new Map<string, Watchers<Watcher>>();
  #length = 0;

  /** The number of watched users. */
  get size(): number {
    return this.#watched.size;
  }

  /** The total length of their ids, in characters. */
  get length(): number {
    return this.#length;
  }

  has(id: string): boolean {
    return this.#watched.has(id);
  }

  of(id: string): Iterable<Watcher> {
    const by = this.#watched.get(id)?.by;
    if (by === undefined) return [];
    return by instanceof Set ? by : [by];
  }

  /** Whether a user is watched by this one and by nobody else. */
  isOnly(id: string, watcher: Watcher): boolean {
    const by = this.#watched.get(id)?.by;
    return by instanceof Set ? by.size === 1 && by.has(watcher) : by === watcher;
  }

  /** Adds a watcher of a user; returns the stored id. */
  add(id: string, watcher: Watcher): string {
    const watched = this.#watched.get(id);
    if (watched === undefined) {
      this.#watched.set(id, { id, by: watcher });
      this.#length += id.length;
      return id;
    }
    if (watched.by instanceof Set) watched.by.add(watcher);
    else if (watched.by !== watcher) watched.by = new Set([watched.by, watcher]);
    return watched.id;
  }

  delete(id: string, watcher: Watcher): void {
    const watched = this.#watched.get(id);
    if (watched === undefined) return;
    const { by } = watched;
    if (by instanceof Set) by.delete(watcher);
    const isLast = by instanceof Set ? by.size === 0 : by === watcher;
    if (!isLast) return;
    this.#watched.delete(id);
    this.#length -= id.length;
  }
}
