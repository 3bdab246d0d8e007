import { isPresent, memberOf } from "./members/member.ts";
import type { MemberView } from "./room-object.ts";
import type { RoomState } from "./room-state.ts";

/**
 * Tells a user's object how others see the user here, and whether they have a place at all, which
 * who appears offline has too. Where they have none, nobody gets in any more who was admitted with
 * this stamp or an older one: the list may lose the room (SPEC B4).
 */
export function sight(
  { roster, barriers }: Pick<RoomState, "roster" | "barriers">,
  user: string,
  stamp: number,
  now: number,
): MemberView & { isHere: boolean } {
  const member = roster.find(user);
  const isHere = member !== undefined && member.places.length > 0;
  if (!isHere && (member?.stamp ?? 0) < stamp) barriers.raise(user, { stamp }, now);
  if (!member) return { isHere, status: "offline", connections: 0, lastOnline: null };
  const { status, connections } = memberOf(member);
  return { isHere, status, connections, lastOnline: isPresent(member) ? null : member.lastOnline };
}
