import type { Config } from "../config/config.ts";
import type { RoomObject } from "../room/room-object.ts";
import { objectName, type Shard } from "./shard.ts";

/** The object of a shard, typed by what it answers: the platform's types lose tuples and unions. */
export function shardStub({ rooms }: Config, room: string, shard: Shard): RoomObject {
  return rooms.getByName(objectName(room, shard)) as unknown as RoomObject;
}
