import { env } from "cloudflare:workers";
import { evict } from "./evict.ts";
import { objectName, shardOfUser, shardsOf, type Shard } from "../../src/server/large/shard.ts";

/** The number of shards of the tests' large rooms. */
export const SHARDS = 4;

/** The object of a user's shard. */
export const objectOf = (room: string, user: string) => objectName(room, shardOfUser(user, SHARDS));

/** The id of a user for each shard; tests with users of their own begin them differently. */
export function usersOfShards(beginning = "user"): string[] {
  const users: string[] = [];
  for (let at = 0; Object.keys(users).length < SHARDS; at++) {
    const user = `${beginning}-${at}`;
    users[shardOfUser(user, SHARDS).index] ??= user;
  }
  return users;
}

export const hubStub = (room: string) => env.HUBS!.getByName(room);

/** Ends the hub like a crash. */
export async function restartHub(room: string): Promise<void> {
  await evict(hubStub(room), "close");
}

/** All shards' objects of a room. */
export const objectsOf = (room: string, of = SHARDS): string[] =>
  shardsOf(of).map((shard: Shard) => objectName(room, shard));

/** The object of a user's shard, of so many. */
export const objectFor = (room: string, user: string, of: number) =>
  objectName(room, shardOfUser(user, of));
