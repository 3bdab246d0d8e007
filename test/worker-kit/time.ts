import { env } from "cloudflare:workers";
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { vi } from "vitest";
import { evict } from "./evict.ts";

/** Moves the clock of Worker and rooms; timers and the platform's own clock stay. */
export function passTime(seconds: number): void {
  vi.setSystemTime(Date.now() + seconds * 1000);
}

export const roomStub = (room: string) => env.ROOMS.getByName(room);

/** Runs the room's alarm now; returns whether one was set. */
export function runAlarm(room: string): Promise<boolean> {
  return runDurableObjectAlarm(roomStub(room));
}

/** Lets time pass and the room's alarm with it, as often as it is due on the way. */
export async function passTimeWithAlarms(room: string, seconds: number): Promise<void> {
  const end = Date.now() + seconds * 1000;
  let before = Number.NEGATIVE_INFINITY;
  for (;;) {
    const at = await alarmOf(room);
    if (at === null || at > end) break;
    if (at <= before) throw new Error("the alarm is set again for a time that has gone by");
    before = at;
    vi.setSystemTime(Math.max(at, Date.now()));
    await runAlarm(room);
  }
  vi.setSystemTime(end);
}

/** When the room's alarm is set to. */
export function alarmOf(room: string): Promise<number | null> {
  return runInDurableObject(roomStub(room), (_room, state) => state.storage.getAlarm());
}

/**
 * Hibernates the room like the platform, with its sockets open: the next event constructs it again.
 */
export function hibernate(room: string): Promise<void> {
  return evict(roomStub(room));
}

/** Ends the room like a crash or a deploy: every socket is cut, and no handler runs. */
export function restart(room: string): Promise<void> {
  return evict(roomStub(room), "close");
}

/** Runs a query on the room's tables. */
export function query(room: string, sql: string): Promise<Record<string, unknown>[]> {
  return runInDurableObject(roomStub(room), (_room, state) => [...state.storage.sql.exec(sql)]);
}

/** The names of the room's tables, the platform's own left out. */
export function tablesOf(room: string): Promise<Record<string, unknown>[]> {
  return query(room, "SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_%' ESCAPE '\\'");
}
