import type { Member } from "../../../protocol/messages.ts";
import type { EventContent } from "../../../protocol/webhook-message.ts";

/** A member's entry before and after a commit, as JSON; `undefined` if they are not on the list. */
export interface EntryChange {
  before: string | undefined;
  after: string | undefined;
}

const read = (entry: string | undefined) =>
  entry === undefined ? null : (JSON.parse(entry) as Member);

const isOnline = (member: Member | null): member is Member =>
  member !== null && member.status !== "offline";

/** What is reported of a member; a change of their connections alone is not. */
const lookOf = ({ status, name, image, data }: Member) =>
  JSON.stringify([status, name, image, data]);

/** A member who was forgotten at the moment they left: as they were, but offline. */
function departed({ id, name, image }: Member, at: string): Member {
  return { id, name, ...(image && { image }), status: "offline", connections: 0, lastOnline: at };
}

function eventOf({ before, after }: EntryChange, at: string): EventContent | null {
  const [was, is] = [read(before), read(after)];
  if (!isOnline(was)) return isOnline(is) ? { type: "member.online", member: is } : null;
  if (!isOnline(is)) return { type: "member.offline", member: is ?? departed(was, at) };
  return lookOf(was) === lookOf(is) ? null : { type: "member.updated", member: is };
}

/**
 * The events of a commit, in order: a room is occupied before its first member comes online, and
 * vacated after its last one goes offline (SPEC H2). `online` is the count after the commit.
 *
 * @example
 * eventsOf([{ before: undefined, after: '{"id":"ada","status":"online",…}' }], 1, now);
 * // [{ type: "room.occupied" }, { type: "member.online", member: { id: "ada", … } }]
 */
export function eventsOf(
  changes: Iterable<EntryChange>,
  online: number,
  now: number,
): EventContent[] {
  const at = new Date(now).toISOString();
  const told = [...changes].map((change) => eventOf(change, at)).filter((event) => event !== null);
  const count = (type: EventContent["type"]) => told.filter((one) => one.type === type).length;
  const wasOnline = online - count("member.online") + count("member.offline");
  if (wasOnline === 0 && online > 0) return [{ type: "room.occupied" }, ...told];
  if (wasOnline > 0 && online === 0) return [...told, { type: "room.vacated" }];
  return told;
}
