/** Whom a window shows: those its connection watches, and the first of the others (SPEC S4). */
export interface Window {
  readonly watched: ReadonlySet<string>;
  /** In the order of their ids; none of them is watched. */
  readonly others: readonly string[];
}

/** What changes in a window, by ids: who is to be shown anew or as changed, and who no longer. */
export interface WindowChange {
  readonly set: readonly string[];
  readonly gone: readonly string[];
}

const NOBODY: readonly string[] = [];

export function isShown({ watched, others }: Window, id: string): boolean {
  return watched.has(id) || others.includes(id);
}

/** Everybody a window shows. */
export function shownBy({ watched, others }: Window): string[] {
  return [...watched, ...others];
}

/**
 * What to tell a connection that holds the window `before`, when `after` is what it is to show and
 * `changed` has those whose entries are others now.
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

/** Those of `ids` who are not in `others`; both are in order. */
function missingFrom(others: readonly string[], ids: readonly string[]): string[] {
  let at = 0;
  return ids.filter((id) => {
    while (at < others.length && others[at]! < id) at++;
    return others[at] !== id;
  });
}

/** Those of a window who changed, by a look at whichever are fewer. */
function changedIn(window: Window, changed: ReadonlySet<string>): string[] {
  const { watched, others } = window;
  if (changed.size < watched.size + others.length) {
    return [...changed].filter((id) => isShown(window, id));
  }
  return shownBy(window).filter((id) => changed.has(id));
}
