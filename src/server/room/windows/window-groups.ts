import type { Roster } from "../members/roster.ts";
import type { Connection } from "../connections/connection.ts";
import type { WatchLists } from "./watch-lists.ts";

/** Windows that show as many beside those who are watched. */
interface Group {
  readonly limit: number;
  readonly connections: Set<Connection>;
  /** Whom all show but the {@link special}. */
  first: readonly string[];
  /** Those that watch one of these, and so show others in their place. */
  readonly special: Set<Connection>;
}

const NOBODY: readonly string[] = [];

/**
 * Whom windows show beside those who are watched: most show the same, so that a change is looked at
 * once for all of them, and not at all where it comes after all that they show.
 */
export class WindowGroups {
  readonly #groups = new Map<number, Group>();
  readonly #lists: WatchLists<Connection>;

  constructor(lists: WatchLists<Connection>) {
    this.#lists = lists;
  }

  /** Whom a connection shows beside those whom it watches; `roster` is as it was at the last {@link update}. */
  place(connection: Connection, { list }: Roster): readonly string[] {
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
   * Takes on what changed; answers the connections that may show others now, or another of them.
   * `othersOf` tells whom one showed before.
   */
  update(
    { list }: Roster,
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

  /** Tells whether these are others than before. */
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

/** Whether whoever has this id could be among the first. */
function isWithin(id: string, first: readonly string[], limit: number): boolean {
  return first.length < limit || id <= first.at(-1)!;
}
