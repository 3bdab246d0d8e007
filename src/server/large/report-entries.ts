import type { Roster } from "../room/members/roster.ts";
import type { Report, SentMember } from "./messages.ts";

/** What a report says of some users of its shard: their entries, and who has none any more. */
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
