/**
 * The number of shards of the list of rooms. Another number moves rooms between them: an old shard
 * lists a room until its lease ends, unless the new one lists it too.
 */
export const SHARDS = 16;

/** A 32-bit hash (FNV-1a) that spreads similar names evenly. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  // Its low bits mix badly, so the final steps of MurmurHash3 follow.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

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
