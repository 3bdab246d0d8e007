import { hashOf } from "../platform/hash.ts";

/**
 * A shard of a large room: the `index`-th of so many. All shards of the same number are a generation: a
 * deploy with another number of shards begins a new one, whose objects are others (SPEC N6).
 */
export interface Shard {
  /** How many shards its generation has; it identifies the generation. */
  readonly of: number;
  readonly index: number;
}

/** No room's name has a `#` or a `/`. */
const OBJECT_NAME = /^([^#/]+)#(\d{1,2})\/(\d{1,2})$/;

/**
 * The name of a shard's object.
 *
 * @example
 * objectName("lobby", { of: 8, index: 3 }); // "lobby#8/3"
 */
export function objectName(room: string, shard: Shard): string {
  return `${room}#${keyOf(shard)}`;
}

/** The key of a shard. */
export function keyOf({ of, index }: Shard): string {
  return `${of}/${index}`;
}

/**
 * The room, and the shard of it, that an object with this name keeps; no shard if it keeps all of a
 * room.
 */
export function parseObjectName(name: string): { room: string; shard: Shard | null } {
  const match = OBJECT_NAME.exec(name);
  if (!match) return { room: name, shard: null };
  return { room: match[1]!, shard: { of: Number(match[2]), index: Number(match[3]) } };
}

/** The shard, of so many, that a user belongs to (SPEC N2). */
export function shardOfUser(user: string, of: number): Shard {
  return { of, index: hashOf(user) % of };
}

/** All shards of a generation. */
export function shardsOf(of: number): Shard[] {
  return Array.from({ length: of }, (_, index) => ({ of, index }));
}
