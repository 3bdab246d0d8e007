/**
 * How many objects share the list of rooms. Another number moves rooms between them: what the old
 * ones hold is listed until its lease ends, unless the room is listed by the new one too.
 */
export const SHARDS = 16;

/** A hash of 32 bits (FNV-1a), spread evenly over names that differ little. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  // Its low bits mix badly: the last steps of MurmurHash3 mend that.
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
