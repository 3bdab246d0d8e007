import type { RoomObject, RoomStats } from "../room/room-object.ts";
import type { HubCalls, ShardCalls } from "./messages.ts";

/** The figures of one shard of a large room (SPEC N5). */
export interface ShardStats extends Omit<RoomStats, "room"> {
  /** Its number, of so many. */
  shard: number;
  of: number;
  /** How many members its copy of the list has; `null` if it has none. */
  copy: number | null;
}

/** The figures of a large room: those of a room, and a list by shard; `null` for one that does not answer. */
export interface LargeRoomStats extends RoomStats {
  shards: (ShardStats | { shard: number; of: number; copy: null })[];
}

/** The calls that a hub answers: for the Worker and for users' objects it is the room. */
export interface HubObject extends Omit<RoomObject, keyof ShardCalls>, HubCalls {}
