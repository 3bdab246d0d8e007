import { hashOf } from "../platform/hash.ts";

/**
 * The number of partitions of the list of rooms. Another number moves rooms between them: the old
 * partition lists a room until its lease ends, unless the new one lists it too.
 */
export const PARTITIONS = 16;

/** The name of a partition's object. It stays as it is: a deployment has objects of these names. */
const nameOf = (partition: number) => `shard-${partition}`;

/**
 * The name of the object that lists a room.
 *
 * @example
 * env.DIRECTORY.getByName(partitionOf("lobby"));
 */
export function partitionOf(room: string): string {
  return nameOf(hashOf(room) % PARTITIONS);
}

/** The names of all of them. */
export const ALL_PARTITIONS: readonly string[] = Array.from(
  { length: PARTITIONS },
  (_, partition) => nameOf(partition),
);
