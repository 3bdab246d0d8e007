import type { Member, ServerFrame } from "../../src/protocol/messages.ts";

/** The states of a member in snapshots and deltas, in order and without repetition. */
function toldOf(frames: readonly ServerFrame[], id: string): Member[] {
  return frames.flatMap((frame) => {
    if (frame.type === "delta") return frame.set.filter((member) => member.id === id);
    if (frame.type === "snapshot") return frame.members.filter((member) => member.id === id);
    return [];
  });
}

/** The statuses of a member that an observer received, without repetition. */
export function statusesOf(frames: readonly ServerFrame[], id: string): string[] {
  const statuses = toldOf(frames, id).map(({ status }) => status);
  return statuses.filter((status, at) => status !== statuses[at - 1]);
}
