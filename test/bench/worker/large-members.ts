import { shardOfUser } from "../../../src/server/large/shard.ts";
import type { Session } from "../../../src/server/session/session.ts";
import { SHARDS } from "./large-commands.ts";

export const idOf = (user: number) => `u${String(user).padStart(6, "0")}`;

const profileOf = (id: string) => ({
  id,
  name: `Person ${id.slice(1)}`,
  image: `https://images.example.com/avatars/people/${id}.png`,
});

/** A member as a shard shows them, 155 characters long while they are online. */
export function memberJson(id: string, status: string): string {
  return JSON.stringify({ ...profileOf(id), status, connections: 1, lastOnline: null });
}

/** The lease of a user. */
export const leaseOf = (id: string) => `lease-${id}`;

export function sessionOf(id: string): Session & { issuedAt: number } {
  const now = Date.now();
  return { user: profileOf(id), roles: [], issuedAt: now, expiresAt: now + 43_200_000 };
}

/** The users below a number, by the shard that they belong to. */
export function usersByShard(count: number): string[][] {
  const shards: string[][] = Array.from({ length: SHARDS }, () => []);
  for (let user = 0; user < count; user++) {
    const id = idOf(user);
    shards[shardOfUser(id, SHARDS).index]!.push(id);
  }
  return shards;
}
