import { MAX_WATCHED } from "../../../protocol/messages.ts";
import { WatchIndex } from "./watch-index.ts";

/**
 * The limits for all connections of a room together: list entries, and the total length of watched
 * ids.
 */
const MAX_IN_ROOM = 500_000;
const MAX_LENGTH_IN_ROOM = 4_000_000;

/** A connection's watch list (SPEC S5). It is replaced, never modified. */
export interface WatchList {
  readonly watched: ReadonlySet<string>;
  /** The listed users it may not watch: they are shown as unknown (SPEC S6). */
  readonly denied: ReadonlySet<string>;
}

/** A change of a list: first `remove`, then `add`, of which `allowed` may be watched. */
export interface WatchChange {
  readonly add: readonly string[];
  readonly remove: readonly string[];
  readonly allowed: (id: string) => boolean;
}

const NOBODY: WatchList = { watched: new Set(), denied: new Set() };

/** The connection of a list; its id is the key in storage. */
interface Watcher {
  readonly id: string;
}

/**
 * The watch list of each connection, and the watchers of each user. Lists that changed or ended are
 * handed over to be stored.
 */
export class WatchLists<Connection extends Watcher> {
  readonly #lists = new Map<Connection, WatchList>();
  readonly #index = new WatchIndex<Connection>();
  /** By connection id; `null` for a list that has ended. */
  #unsaved = new Map<string, WatchList | null>();
  #size = 0;

  /** Whether no connection watches a user. */
  get isEmpty(): boolean {
    return this.#lists.size === 0;
  }

  /** How many connections watch a user. */
  get count(): number {
    return this.#lists.size;
  }

  of(connection: Connection): WatchList {
    return this.#lists.get(connection) ?? NOBODY;
  }

  /** The connections that watch a user and may do so. */
  watchersOf(id: string): Connection[] {
    return [...this.#index.of(id)].filter((connection) => !this.of(connection).denied.has(id));
  }

  /** Changes a connection's list, or nothing if the limits would be exceeded. */
  change(connection: Connection, change: WatchChange): "changed" | "too_many_watched" {
    const before = this.of(connection);
    const after = apply(before, change);
    if (isSame(before, after)) return "changed";
    if (after.watched.size > MAX_WATCHED || !this.#hasRoomFor(connection, before, after)) {
      return "too_many_watched";
    }
    this.#replace(connection, after);
    this.#unsaved.set(connection.id, after.watched.size > 0 ? this.of(connection) : null);
    return "changed";
  }

  /** Restores a connection's stored list. */
  restore(connection: Connection, list: WatchList): void {
    this.#replace(connection, list);
  }

  /** Ends the list of a connection. */
  delete(connection: Connection): void {
    if (!this.#lists.has(connection)) return;
    this.#replace(connection, NOBODY);
    this.#unsaved.set(connection.id, null);
  }

  get isChanged(): boolean {
    return this.#unsaved.size > 0;
  }

  /** Hands over the changes since the last successful call; if `take` throws, they are kept. */
  passChanges(take: (changed: ReadonlyMap<string, WatchList | null>) => void): void {
    take(this.#unsaved);
    this.#unsaved = new Map();
  }

  #hasRoomFor(connection: Connection, before: WatchList, after: WatchList): boolean {
    let added = 0;
    let freed = 0;
    for (const id of after.watched) if (!this.#index.has(id)) added += id.length;
    for (const id of before.watched) {
      if (!after.watched.has(id) && this.#index.isOnly(id, connection)) freed += id.length;
    }
    const grows = after.watched.size - before.watched.size;
    const isTooMany = grows > 0 && this.#size + grows > MAX_IN_ROOM;
    // What takes up less must not be refused.
    const isTooLong = added > freed && this.#index.length + added - freed > MAX_LENGTH_IN_ROOM;
    return !isTooMany && !isTooLong;
  }

  #replace(connection: Connection, after: WatchList): void {
    const before = this.of(connection);
    for (const id of before.watched) {
      if (!after.watched.has(id)) this.#index.delete(id, connection);
    }
    const watched = new Set<string>();
    const denied = new Set<string>();
    for (const id of after.watched) {
      // Also for an id that was listed before: what came with the frame must not be kept beside it.
      const stored = this.#index.add(id, connection);
      watched.add(stored);
      if (after.denied.has(id)) denied.add(stored);
    }
    this.#size += watched.size - before.watched.size;
    if (watched.size === 0) this.#lists.delete(connection);
    else this.#lists.set(connection, { watched, denied });
  }
}

function isSame(before: WatchList, after: WatchList): boolean {
  return isEqual(before.watched, after.watched) && isEqual(before.denied, after.denied);
}

function isEqual(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return one.size === other.size && [...one].every((id) => other.has(id));
}

function apply(before: WatchList, { add, remove, allowed }: WatchChange): WatchList {
  const watched = new Set(before.watched);
  const denied = new Set(before.denied);
  for (const id of remove) {
    watched.delete(id);
    denied.delete(id);
  }
  for (const id of add) {
    watched.add(id);
    if (allowed(id)) denied.delete(id);
    else denied.add(id);
  }
  return { watched, denied };
}
