import type { Member, ServerFrame } from "../../src/protocol/messages.ts";

/** What was told of a member, by snapshots and deltas, in order and with no repetition. */
function toldOf(frames: readonly ServerFrame[], id: string): Member[] {
  return frames.flatMap((frame) => {
    if (frame.type === "delta") return frame.set.filter((member) => member.id === id);
    if (frame.type === "snapshot") return frame.members.filter((member) => member.id === id);
    return [];
  });
}

/** The statuses that an observer was told of a member; one of a kind in a row. */
export function statusesOf(frames: readonly ServerFrame[], id: string): string[] {
  const statuses = toldOf(frames, id).map(({ status }) => status);
  return statuses.filter((status, at) => status !== statuses[at - 1]);
}
