import { inParallel } from "../platform/in-parallel.ts";
import { within } from "../platform/time-limit.ts";
import { memberOf } from "../room/members/member.ts";
import type { RoomObject } from "../room/room-object.ts";
import type { RoomState } from "../room/room-state.ts";
import type { KeptUser } from "./messages.ts";
import { shardOfUser } from "./shard.ts";
import { shardStub } from "./shard-stub.ts";

/** A shard that has not answered by then fails the join. */
const ANSWER_MS = 2_000;

/** A user who is present was online last. */
const timeOf = ({ lastOnline }: KeptUser) => lastOnline ?? Number.MAX_SAFE_INTEGER;

/** The user's shards in other generations, which may still keep them. */
function othersOf({ name, link, config }: RoomState, user: string): (() => RoomObject)[] {
  const others = link?.otherGenerations ?? [];
  return others.map((of) => () => shardStub(config, name, shardOfUser(user, of)));
}

/**
 * Before a user joins a shard: asks their shards in other generations what these keep of them (SPEC N6); the
 * newest choice comes first. `start` runs a turn.
 *
 * @throws Error if one does not answer: the user's choice, perhaps to be hidden, is not known then.
 */
export async function comeTo(
  room: RoomState,
  user: string,
  start: () => void,
): Promise<KeptUser[]> {
  await room.link!.meetHub(Date.now(), start);
  if (room.roster.isHere(user)) return [];
  const of = room.link!.shard.of;
  const answers = await Promise.all(
    othersOf(room, user).map((stub) => within(ANSWER_MS, async () => stub().takeOver(user, of))),
  );
  return answers
    .filter((kept) => kept !== null)
    .toSorted((a, b) => b.choseAt - a.choseAt || timeOf(b) - timeOf(a));
}

/** What a shard keeps of a user, for a shard of another generation; `null` for nothing. */
export function keptOf({ roster, barriers }: RoomState, user: string): KeptUser | null {
  const member = roster.find(user);
  const stamp = Math.max(roster.stampOf(user), barriers.stampOf(user));
  if (!member) {
    if (stamp === 0) return null;
    const nothing = { chosen: null, choseAt: 0, data: null, profile: null, issuedAt: 0 };
    return { ...nothing, lastOnline: null, stamp };
  }
  const { chosen, choseAt, data, profile, unseen, issuedAt, lastOnline } = member;
  const isPresent = memberOf(member).connections > 0;
  return {
    chosen,
    choseAt,
    data: isPresent ? data : null,
    profile: unseen ?? profile,
    issuedAt,
    // Another connection may have ended so long ago that the user would be forgotten at once.
    lastOnline: isPresent ? null : lastOnline,
    stamp,
  };
}

/** Takes over what other generations keep of a user who is about to join. */
export function adopt(room: RoomState, user: string, kept: readonly KeptUser[], now: number): void {
  for (const { stamp } of kept) if (stamp > 0) room.barriers.noteDeparture(user, stamp, now);
  const [newest] = kept.filter(({ profile }) => profile !== null);
  if (!newest || room.roster.isHere(user)) return;
  room.roster.adopt(now, user, newest);
  room.link?.noteChoice(user);
}

/**
 * Ends what a shard keeps of a user who has moved to another generation, except live connections; of
 * these, the one of a lease that moved too.
 */
export function release(
  room: RoomState,
  user: string,
  movedLease: string | undefined,
  now: number,
): void {
  const { roster } = room;
  roster.endAll(
    now,
    user,
    ({ lostAt, leasedUntil, connection }) =>
      lostAt !== null || (leasedUntil !== undefined && connection === movedLease),
  );
  roster.forget(now, user);
}

/** Makes the shards of other generations release a user who has moved to this one. */
export async function releaseOthers(
  room: RoomState,
  user: string,
  movedLease: string | undefined,
): Promise<void> {
  await inParallel(othersOf(room, user), 8, (stub) =>
    within(ANSWER_MS, async () => stub().release(user, movedLease)),
  );
}
