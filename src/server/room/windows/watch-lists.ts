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

  /** Whether nobody watches anybody. */
  get isEmpty(): boolean {
    return this.#lists.size === 0;
  }

  of(connection: Connection): WatchList {
    return this.#lists.get(connection) ?? NOBODY;
  }

  /** The connections that watch a user and may do so. */
  watchersOf(id: string): Iterable<Connection> {
    return this.#index.of(id);
  }

  /** Changes a connection's list, or nothing if the limits would be exceeded. */
  change(connection: Connection, change: WatchChange): "changed" | "too_many_watched" {
    const before = this.of(connection);
    const after = apply(before, change);
    if (after.watched.size > MAX_WATCHED || !this.#hasRoomFor(before, after)) {
      return "too_many_watched";
    }
    this.#replace(connection, after);
    this.#unsaved.set(connection.id, after.watched.size > 0 ? after : null);
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

  #hasRoomFor(before: WatchList, after: WatchList): boolean {
    const grows = after.watched.size - before.watched.size;
    // A change that makes the list smaller must not be refused.
    if (grows <= 0) return true;
    let length = this.#index.length;
    for (const id of after.watched) if (!this.#index.has(id)) length += id.length;
    return this.#size + grows <= MAX_IN_ROOM && length <= MAX_LENGTH_IN_ROOM;
  }

  #replace(connection: Connection, after: WatchList): void {
    const before = this.of(connection);
    for (const id of before.watched) {
      if (!isAllowed(after, id)) this.#index.delete(id, connection);
    }
    const watched = new Set<string>();
    for (const id of after.watched) {
      const isNew = isAllowed(after, id) && !isAllowed(before, id);
      watched.add(isNew ? this.#index.add(id, connection) : id);
    }
    this.#size += watched.size - before.watched.size;
    if (watched.size === 0) this.#lists.delete(connection);
    else this.#lists.set(connection, { watched, denied: after.denied });
  }
}

function isAllowed({ watched, denied }: WatchList, id: string): boolean {
  return watched.has(id) && !denied.has(id);
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
