import type { Member } from "../../src/protocol/messages.ts";

const collator = new Intl.Collator(undefined, { sensitivity: "base", numeric: true });

/**
 * The people who are here, yourself first and the others by name, so that a row keeps its place
 * whatever its status; then the people who were here, latest first.
 */
export function orderMembers(
  members: readonly Member[],
  selfId: string | undefined,
): { here: Member[]; gone: Member[] } {
  const here = members.filter((member) => member.status !== "offline");
  const gone = members.filter((member) => member.status === "offline");
  const rank = ({ id }: Member) => (id === selfId ? 0 : 1);
  here.sort((a, b) => rank(a) - rank(b) || collator.compare(a.name, b.name));
  gone.sort((a, b) => Date.parse(b.lastOnline ?? "") - Date.parse(a.lastOnline ?? ""));
  return { here, gone };
}
