import { isListed, isPresent, memberOf, shownConnections, type MemberRecord } from "./member.ts";

/** What others see of a member: their JSON, and what they add to the counts. */
export interface Entry {
  json: string;
  online: number;
  connections: number;
}

export const UNLISTED: Entry = { json: "", online: 0, connections: 0 };

export function entryOf(record: MemberRecord): Entry {
  if (!isListed(record)) return UNLISTED;
  return {
    json: JSON.stringify(memberOf(record)),
    online: isPresent(record) ? 1 : 0,
    connections: shownConnections(record),
  };
}
