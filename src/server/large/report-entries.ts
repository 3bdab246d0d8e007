import type { Roster } from "../room/members/roster.ts";
import type { Report, SentMember } from "./messages.ts";

/** The part of a report about some users of the shard: their entries, and the users who have none. */
export function reportEntries(roster: Roster, ids: Iterable<string>): Pick<Report, "set" | "gone"> {
  const set: SentMember[] = [];
  const gone: string[] = [];
  for (const id of ids) {
    const entry = roster.list.entry(id);
    if (entry === undefined) {
      gone.push(id);
      continue;
    }
    const sent: SentMember = [id, entry.json, entry.connections];
    const choseAt = roster.find(id)?.choseAt ?? 0;
    if (choseAt > 0) sent.push(choseAt, roster.chosenBy(id));
    set.push(sent);
  }
  return { set, gone };
}
