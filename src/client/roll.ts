import type { Delta, Member, Snapshot } from "../protocol/messages.ts";
import { type Told, tellOf } from "./told.ts";

/** What a client holds of a room at one version. */
export type Roll = Pick<Snapshot, "epoch" | "version" | "online" | "connections"> & {
  /** Ordered by id (code units). */
  readonly members: readonly Member[];
};

/**
 * Keeps what did not change the same object: each member, and the list where all are. Adds what
 * others hear of the rest to `told`. Both lists are ordered by id.
 */
function keep(
  held: readonly Member[],
  members: readonly Member[],
  told: Told[],
): readonly Member[] {
  let at = 0;
  let isSame = true;
  const change = (before?: Member, now?: Member) => {
    isSame = false;
    tellOf(told, before, now);
  };
  const kept = members.map((member) => {
    while (at < held.length && held[at]!.id < member.id) change(held[at++]);
    const before = held[at]?.id === member.id ? held[at++] : undefined;
    if (before && (before === member || JSON.stringify(before) === JSON.stringify(member))) {
      return before;
    }
    change(before, member);
    return member;
  });
  while (at < held.length) change(held[at++]);
  return isSame ? held : kept;
}

/**
 * Takes a snapshot in place of what was held; what did not change stays the same object, and what
 * did is added to `told`.
 *
 * @example
 * roll = applySnapshot(roll, frame);
 */
export function applySnapshot(held: Roll | null, snapshot: Snapshot, told: Told[] = []): Roll {
  return { ...snapshot, members: keep(held?.members ?? [], snapshot.members, told) };
}

/**
 * Applies a delta to exactly the version it starts from; `null` where it does not fit, and the
 * client has to ask for a snapshot (SPEC W5).
 */
export function applyDelta(held: Roll | null, delta: Delta, told: Told[] = []): Roll | null {
  if (held?.epoch !== delta.epoch || held.version !== delta.from) return null;
  const { version, online, connections } = delta;
  const others = new Set([...delta.gone, ...delta.set.map(({ id }) => id)]);
  const members = held.members.filter(({ id }) => !others.has(id)).concat(delta.set);
  members.sort((a, b) => (a.id < b.id ? -1 : 1));
  return { ...held, version, online, connections, members: keep(held.members, members, told) };
}

/** Takes whichever of the two the room told. */
export function applyState(held: Roll | null, state: Snapshot | Delta, told: Told[]): Roll | null {
  return state.type === "snapshot"
    ? applySnapshot(held, state, told)
    : applyDelta(held, state, told);
}
