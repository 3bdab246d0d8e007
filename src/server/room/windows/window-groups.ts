import type { ListHolder } from "../members/seen-list.ts";
import type { Connection } from "../connections/connection.ts";
import type { WatchLists } from "./watch-lists.ts";

/** The windows with the same limit. */
interface Group {
  readonly limit: number;
  readonly connections: Set<Connection>;
  /** The ids that all windows but the {@link special} show. */
  first: readonly string[];
  /** The windows that watch one of these ids, and so show others in its place. */
  readonly special: Set<Connection>;
}

const NOBODY: readonly string[] = [];

/**
 * The ids that windows show beside the watched ones. Most windows show the same, so a change is
 * checked once for all of them, and not at all if it comes after all that they show.
 */
export class WindowGroups {
  readonly #groups = new Map<number, Group>();
  readonly #lists: WatchLists<Connection>;

  constructor(lists: WatchLists<Connection>) {
    this.#lists = lists;
  }

  /**
   * The ids that a connection shows beside those it watches; the list is as it was at the last
   * {@link update}.
   */
  place(connection: Connection, { list }: ListHolder): readonly string[] {
    const { limit } = connection;
    if (!limit) return NOBODY;
    const group = this.#groups.get(limit) ?? {
      limit,
      connections: new Set(),
      first: list.firstPresent(limit),
      special: new Set(),
    };
    this.#groups.set(limit, group);
    group.connections.add(connection);
    const { watched } = this.#lists.of(connection);
    if (!group.first.some((id) => watched.has(id))) {
      group.special.delete(connection);
      return group.first;
    }
    group.special.add(connection);
    return list.firstPresent(limit, watched);
  }

  delete(connection: Connection): void {
    const { limit } = connection;
    const group = limit === null ? undefined : this.#groups.get(limit);
    if (!group) return;
    group.connections.delete(connection);
    group.special.delete(connection);
    if (group.connections.size === 0) this.#groups.delete(group.limit);
  }

  /**
   * Applies changes; returns the connections that may show other ids now, or a changed entry.
   * `othersOf` returns the ids that a connection showed before.
   */
  update(
    { list }: ListHolder,
    changed: ReadonlySet<string>,
    othersOf: (connection: Connection) => readonly string[],
  ): Set<Connection> {
    const affected = new Set<Connection>();
    if (this.#groups.size === 0 || changed.size === 0) return affected;
    const lowest = lowestOf(changed);
    for (const group of this.#groups.values()) {
      const mayDiffer = isWithin(lowest, group.first, group.limit);
      const isOther = mayDiffer && this.#renew(group, list.firstPresent(group.limit));
      if (isOther || group.first.some((id) => changed.has(id))) {
        for (const connection of group.connections) affected.add(connection);
        continue;
      }
      for (const connection of group.special) {
        if (isWithin(lowest, othersOf(connection), group.limit)) affected.add(connection);
      }
    }
    return affected;
  }

  /** Returns whether these differ from before. */
  #renew(group: Group, first: readonly string[]): boolean {
    const { first: before, connections, special } = group;
    if (first.length === before.length && first.every((id, at) => id === before[at])) return false;
    group.first = first;
    special.clear();
    for (const id of first) {
      for (const watcher of this.#lists.watchersOf(id)) {
        if (connections.has(watcher)) special.add(watcher);
      }
    }
    return true;
  }
}

function lowestOf(ids: ReadonlySet<string>): string {
  let lowest: string | null = null;
  for (const id of ids) if (lowest === null || id < lowest) lowest = id;
  return lowest!;
}

/** Whether a user with this id could be among the first. */
function isWithin(id: string, first: readonly string[], limit: number): boolean {
  return first.length < limit || id <= first.at(-1)!;
}
