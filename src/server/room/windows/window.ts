/** The users in a window: those its connection watches, and the first of the others (SPEC S4). */
export interface Window {
  readonly watched: ReadonlySet<string>;
  /** Ordered by id; none of them is watched. */
  readonly others: readonly string[];
}

/** The changes in a window, by id: who is new or changed, and who is gone. */
export interface WindowChange {
  readonly set: readonly string[];
  readonly gone: readonly string[];
}

const NOBODY: readonly string[] = [];

export function isShown({ watched, others }: Window, id: string): boolean {
  return watched.has(id) || others.includes(id);
}

/** All users in a window. */
export function shownBy({ watched, others }: Window): string[] {
  return [...watched, ...others];
}

/**
 * The changes for a connection that holds the window `before` and is to show `after`; `changed` has
 * the ids whose entries changed.
 *
 * @example
 * const before = { watched: new Set(["eve"]), others: ["ada"] };
 * compare(before, { ...before, others: ["bob"] }, new Set(["eve"]));
 * // { set: ["eve", "bob"], gone: ["ada"] }
 */
export function compare(before: Window, after: Window, changed: ReadonlySet<string>): WindowChange {
  if (before.watched === after.watched) {
    const isSame = before.others === after.others;
    const come = isSame ? NOBODY : missingFrom(before.others, after.others);
    const gone = isSame ? NOBODY : missingFrom(after.others, before.others);
    const stayed = changedIn(after, changed).filter((id) => !come.includes(id));
    return { set: [...stayed, ...come], gone };
  }
  return {
    set: shownBy(after).filter((id) => changed.has(id) || !isShown(before, id)),
    gone: shownBy(before).filter((id) => !isShown(after, id)),
  };
}

/** The `ids` that are not in `others`; both are ordered. */
function missingFrom(others: readonly string[], ids: readonly string[]): string[] {
  let at = 0;
  return ids.filter((id) => {
    while (at < others.length && others[at]! < id) at++;
    return others[at] !== id;
  });
}

/** The users in a window who changed; loops over the smaller of the two sets. */
function changedIn(window: Window, changed: ReadonlySet<string>): string[] {
  const { watched, others } = window;
  if (changed.size < watched.size + others.length) {
    return [...changed].filter((id) => isShown(window, id));
  }
  return shownBy(window).filter((id) => changed.has(id));
}
