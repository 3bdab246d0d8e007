import type { Delta, Member, Snapshot } from "../protocol/messages.ts";

/** What a client holds of a room at one version. */
export interface Roll {
  readonly epoch: string;
  readonly version: number;
  readonly online: number;
  readonly connections: number;
  /** Ordered by id (code units). */
  readonly members: readonly Member[];
}

/**
 * Takes a snapshot in place of what was held; a member that did not change stays the same object.
 *
 * @example
 * roll = applySnapshot(roll, frame);
 */
export function applySnapshot(held: Roll | null, snapshot: Snapshot): Roll {
  const known = new Map(held?.members.map((member) => [member.id, member]));
  return {
    epoch: snapshot.epoch,
    version: snapshot.version,
    online: snapshot.online,
    connections: snapshot.connections,
    members: snapshot.members.map((member) => {
      const before = known.get(member.id);
      return before && JSON.stringify(before) === JSON.stringify(member) ? before : member;
    }),
  };
}

/**
 * Applies a delta to exactly the version it starts from; `null` where it does not fit, and the
 * client has to ask for a snapshot (SPEC W5).
 */
export function applyDelta(held: Roll | null, delta: Delta): Roll | null {
  if (held === null || held.epoch !== delta.epoch || held.version !== delta.from) return null;
  const members = new Map(held.members.map((member) => [member.id, member]));
  for (const id of delta.gone) members.delete(id);
  for (const member of delta.set) members.set(member.id, member);
  return {
    epoch: delta.epoch,
    version: delta.version,
    online: delta.online,
    connections: delta.connections,
    members: [...members.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1)),
  };
}
