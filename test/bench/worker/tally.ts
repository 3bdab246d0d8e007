import type { SentMember } from "../../../src/server/large/messages.ts";
import type { Tally } from "./large-commands.ts";

/** What one object was called for; each has an isolate of its own, so this module is the object's. */
const tallies = { calls: 0, bytes: 0 };
/** Whether each member in an update is timed, and the messages are measured. */
let observes = false;
const seenAt = new Map<string, number>();

export function observe(on: boolean): void {
  observes = on;
  seenAt.clear();
}

/** Counts a call. */
export function count(message: object | null): void {
  tallies.calls++;
  if (observes && message !== null) tallies.bytes += JSON.stringify(message).length;
}

/** Notes when a change arrived first; a hub that has slept tells of everybody else, too. */
export function see(members: readonly SentMember[], now: number): void {
  if (!observes) return;
  for (const [id, json] of members) {
    if (!seenAt.has(id) && json.includes('"status":"busy"')) seenAt.set(id, now);
  }
}

export function tally(): Tally {
  return { ...tallies };
}

/** When each changed member's change arrived. */
export function seen(): Record<string, number> {
  return Object.fromEntries(seenAt);
}
