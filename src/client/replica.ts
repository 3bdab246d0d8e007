import type { Delta, Member, Snapshot } from "../protocol/messages.ts";
import { type Emitted, addEvents } from "./events.ts";

/** A client's copy of a room at one version. */
export type Replica = Pick<Snapshot, "epoch" | "version" | "online" | "connections"> & {
  /** Ordered by id (code units). */
  readonly members: readonly Member[];
};

/**
 * Reuses the objects of unchanged members, and the list if all are unchanged. Adds the events of the
 * others to `emitted`. Both lists are ordered by id.
 */
function keep(
  held: readonly Member[],
  members: readonly Member[],
  emitted: Emitted[],
): readonly Member[] {
  let at = 0;
  let isSame = true;
  const change = (before?: Member, now?: Member) => {
    isSame = false;
    addEvents(emitted, before, now);
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
 * Replaces the copy by another version of the room; unchanged parts stay the same objects, and changes are added to
 * `emitted`.
 *
 * @example
 * replica = applySnapshot(replica, frame);
 */
export function applySnapshot(
  held: Replica | null,
  snapshot: Replica,
  emitted: Emitted[] = [],
): Replica {
  return { ...snapshot, members: keep(held?.members ?? [], snapshot.members, emitted) };
}

/**
 * Applies a delta to exactly the version it starts from; `null` if it does not apply, so that the
 * client must request a snapshot (SPEC W5).
 */
export function applyDelta(
  held: Replica | null,
  delta: Delta,
  emitted: Emitted[] = [],
): Replica | null {
  if (held?.epoch !== delta.epoch || held.version !== delta.from) return null;
  const others = new Set([...delta.gone, ...delta.set.map(({ id }) => id)]);
  const members = held.members.filter(({ id }) => !others.has(id)).concat(delta.set);
  members.sort((a, b) => (a.id < b.id ? -1 : 1));
  return applySnapshot(held, { ...delta, members }, emitted);
}
