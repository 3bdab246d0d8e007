import type { Delta, Member, Snapshot } from "../protocol/messages.ts";

/** What a client holds of a room at one version. */
export type Roll = Pick<Snapshot, "epoch" | "version" | "online" | "connections"> & {
  /** Ordered by id (code units). */
  readonly members: readonly Member[];
};

/** Keeps what did not change the same object: each member, and the list where all are. */
function keep(held: readonly Member[], members: readonly Member[]): readonly Member[] {
  const known = new Map(held.map((member) => [member.id, member]));
  const kept = members.map((member) => {
    const before = known.get(member.id);
    if (before === undefined || before === member) return member;
    return JSON.stringify(before) === JSON.stringify(member) ? before : member;
  });
  const isSame =
    kept.length === held.length && kept.every((member, index) => member === held[index]);
  return isSame ? held : kept;
}

/**
 * Takes a snapshot in place of what was held; what did not change stays the same object.
 *
 * @example
 * roll = applySnapshot(roll, frame);
 */
export function applySnapshot(held: Roll | null, snapshot: Snapshot): Roll {
  return { ...snapshot, members: keep(held?.members ?? [], snapshot.members) };
}

/**
 * Applies a delta to exactly the version it starts from; `null` where it does not fit, and the
 * client has to ask for a snapshot (SPEC W5).
 */
export function applyDelta(held: Roll | null, delta: Delta): Roll | null {
  if (held?.epoch !== delta.epoch || held.version !== delta.from) return null;
  const { version, online, connections } = delta;
  const byId = new Map(held.members.map((member) => [member.id, member]));
  for (const id of delta.gone) byId.delete(id);
  for (const member of delta.set) byId.set(member.id, member);
  const sorted = [...byId.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1));
  return { ...held, version, online, connections, members: keep(held.members, sorted) };
}

/** Takes whichever of the two the room told. */
export function applyState(held: Roll | null, told: Snapshot | Delta): Roll | null {
  return told.type === "snapshot" ? applySnapshot(held, told) : applyDelta(held, told);
}
