import { ALARM_GRAIN_MS } from "../../platform/alarm-clock.ts";
import { graceAlarmAt } from "../members/members.ts";
import type { Loss, Losses } from "../members/losses.ts";
import type { Connections } from "./connections.ts";

/**
 * Ends a turn for lost places: notes the last loss on a live socket, where it survives hibernation
 * and costs no row, or stores the losses if there is none (SPEC L4).
 */
export function keepLosses(losses: Losses, connections: Connections, now: number): void {
  if (losses.lastAt === null) return;
  const [first] = connections;
  if (!first?.noteLoss(losses.lastAt)) losses.store(now);
}

/**
 * When the places were lost whose sockets a start does not find. All are gone after a crash (SPEC L6).
 * After hibernation they were lost when it was noted last, unless the alarm for the end of their grace
 * period has been: then their sockets are closing only now.
 */
export function lossAtStart(
  now: number,
  {
    hasSockets,
    notedAt,
    alarmAt,
    graceMs,
  }: { hasSockets: boolean; notedAt: number | null; alarmAt: number | null; graceMs: number },
): Loss & { isNew: boolean } {
  if (!hasSockets) return { lostAt: now, isNoted: false, isNew: true };
  const isNew =
    notedAt === null || (alarmAt ?? now) > graceAlarmAt(notedAt + graceMs) + ALARM_GRAIN_MS;
  return { lostAt: isNew ? now : notedAt, isNoted: true, isNew };
}
