import { updateMember } from "../room/connections/frames.ts";
import type { RoomState } from "../room/room-state.ts";
import type { Receipt, Telling } from "./messages.ts";

/** Takes what the hub tells a shard, and shows it to the shard's connections. */
export function takeTelling(room: RoomState, telling: Telling, now: number): Receipt | "unwanted" {
  const { link, broadcaster } = room;
  if (link === null) return "unwanted";
  const hadCopy = link.copy.isComplete;
  const changed = link.take(telling, now);
  // Whether the list fits or not: the hub tells a choice once.
  for (const { user, choseAt, chosen, data } of telling.choices ?? []) {
    if (link.choseAt(user) >= choseAt) continue;
    updateMember(room, user, { status: chosen, data }, now, choseAt);
  }
  if (typeof changed === "string") return changed;
  if (!hadCopy && link.copy.isComplete) broadcaster.begin();
  else broadcaster.note(changed);
  return "taken";
}
