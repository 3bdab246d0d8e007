import { matchesRoom } from "../access/match-room.ts";
import type { Config } from "../config/config.ts";
import { objectName, shardOfUser } from "./shard.ts";

/** How many shards keep a room; `null` for a room of one object (SPEC N1). */
export function shardCountOf({ largeRooms, hubs }: Config, room: string): number | null {
  if (hubs === null) return null;
  return largeRooms.find(({ pattern }) => matchesRoom([pattern], room))?.shards ?? null;
}

/**
 * Whether an object keeps its room by the configuration: for a large room its shards and its hub (`isPart`),
 * otherwise one object. Those that kept it before it became large, or stopped being large, run until
 * they are empty (SPEC N6).
 */
export function keepsRoom(config: Config, room: string, isPart: boolean): boolean {
  return (shardCountOf(config, room) !== null) === isPart;
}

/** Whether a room is shown only in windows (SPEC S7). */
export function isShownInWindows(config: Config, room: string): boolean {
  return matchesRoom(config.windowRooms, room) || shardCountOf(config, room) !== null;
}

/**
 * The name of the object that keeps a user of a room; `key` is the user's id, or, for a stranger,
 * their address.
 */
export function objectFor(config: Config, room: string, key: string): string {
  const count = shardCountOf(config, room);
  return count === null ? room : objectName(room, shardOfUser(key, count));
}
