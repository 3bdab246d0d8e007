import type { Member } from "../client/index.ts";

/**
 * Finds a member by binary search, since members are ordered by id: a list of thousands may look up
 * each of its rows at each change.
 *
 * @example
 * findMember(room.getSnapshot().members, "ada");
 */
export function findMember(members: readonly Member[], id?: string): Member | undefined {
  let from = 0;
  let to = members.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (members[middle]!.id < id!) from = middle + 1;
    else to = middle;
  }
  const found = members[from];
  return found?.id === id ? found : undefined;
}
