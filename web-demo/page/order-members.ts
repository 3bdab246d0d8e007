import type { Member } from "../../src/protocol/messages.ts";

const collator = new Intl.Collator(undefined, { sensitivity: "base", numeric: true });

/**
 * The people who are here, by name, so that a row keeps its place whatever its status; then the
 * people who were here, latest first.
 */
export function orderMembers(members: readonly Member[]): { here: Member[]; gone: Member[] } {
  const here = members.filter((member) => member.status !== "offline");
  const gone = members.filter((member) => member.status === "offline");
  here.sort((a, b) => collator.compare(a.name, b.name));
  gone.sort((a, b) => Date.parse(b.lastOnline ?? "") - Date.parse(a.lastOnline ?? ""));
  return { here, gone };
}
