import { hashOf } from "../platform/hash.ts";

/**
 * The number of shards of the list of rooms. Another number moves rooms between them: an old shard
 * lists a room until its lease ends, unless the new one lists it too.
 */
export const SHARDS = 16;

const nameOf = (shard: number) => `shard-${shard}`;

/**
 * The name of the object that lists a room.
 *
 * @example
 * env.DIRECTORY.getByName(shardOf("lobby"));
 */
export function shardOf(room: string): string {
  return nameOf(hashOf(room) % SHARDS);
}

/** The names of all of them. */
export const ALL_SHARDS: readonly string[] = Array.from({ length: SHARDS }, (_, shard) =>
  nameOf(shard),
);
