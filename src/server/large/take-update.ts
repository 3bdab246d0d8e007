import { updateMember } from "../room/connections/frames.ts";
import type { RoomState } from "../room/room-state.ts";
import type { Receipt, ListUpdate } from "./messages.ts";

/** Takes an update of the hub, and queues its changes for the shard's connections. */
export function takeUpdate(room: RoomState, update: ListUpdate, now: number): Receipt | "unwanted" {
  const { link, broadcaster } = room;
  if (link === null) return "unwanted";
  const hadCopy = link.copy.isComplete;
  const changed = link.take(update, now);
  // Even if the update does not fit: the hub sends a choice once.
  for (const { user, choseAt, chosen, data } of update.choices ?? []) {
    if (link.choseAt(user) >= choseAt) continue;
    updateMember(room, user, { status: chosen, data }, now, choseAt);
  }
  if (typeof changed === "string") return changed;
  if (!hadCopy && link.copy.isComplete) broadcaster.begin();
  else broadcaster.note(changed);
  return "taken";
}
