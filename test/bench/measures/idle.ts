import { sleep } from "../load/clock.ts";
import type { Server } from "../servers/server.ts";
import { cpuMs } from "../servers/usage.ts";
import { withCrew, withServer, type Bench, type Measure, type Sample } from "./measure.ts";
import type { Counts } from "../worker/counts.ts";

const SIZES = [10, 100, 1_000];
const BOUND_MS = 30_000;
const SETTLE_MS = 1_500;
const HEARTBEAT_MS = 9_000;

/** Lets simulated time pass in a room; answers what its object has done so far. */
export async function letPass({ port }: Server, room: string, passMs: number): Promise<Counts> {
  const response = await fetch(`http://127.0.0.1:${port}/simulate/${room}`, {
    method: "POST",
    body: JSON.stringify({ passMs, heartbeatMs: HEARTBEAT_MS }),
  });
  if (!response.ok) throw new Error(await response.text());
  return (await response.json()) as Counts;
}

/** What an object did between two counts. */
export function grown(before: Counts, after: Counts): Counts {
  const keys = Object.keys(after) as (keyof Counts)[];
  return Object.fromEntries(keys.map((key) => [key, after[key] - before[key]])) as never;
}

async function idle(bench: Bench, size: number): Promise<Sample[]> {
  // Only the room that is asked for is watched for as long as that.
  const hours = bench.quick || size === 1_000 ? 1 : 10;
  return withServer(bench, "simulated", (server) => {
    const { port, secret } = server;
    const room = { system: "Rollcall" as const, port, secret, room: "idle", size, silent: false };
    return withCrew({ ...room, offersDeflate: true }, async (crew) => {
      await crew.connect(BOUND_MS);
      await crew.knows(size, BOUND_MS);
      await sleep(SETTLE_MS);
      const { messages } = await crew.received();
      const cpu = cpuMs(server.pid);
      const before = await letPass(server, "idle", 0);
      const after = await letPass(server, "idle", hours * 3_600_000);
      const counts = grown(before, after);
      const spent = cpuMs(server.pid) - cpu;
      await sleep(SETTLE_MS);
      const frames = (await crew.received()).messages - messages;
      return [
        {
          subject: `room of ${size}, ${hours} h`,
          system: "Rollcall",
          figures: {
            alarms: counts.alarmsFired / hours,
            otherWakes: (counts.starts - counts.alarmsFired) / hours,
            rowsPerAlarm: (counts.rowsWritten + counts.alarmsSet) / counts.alarmsFired,
            rowsWritten: (counts.rowsWritten + counts.alarmsSet) / hours,
            rowsRead: counts.rowsRead / hours,
            frames: frames / hours,
            cpuPerAlarm: spent / counts.alarmsFired,
          },
        },
      ];
    });
  });
}

/**
 * Time, pings and hibernation are simulated on workerd, with real sockets and storage. A set alarm
 * counts as a row written. The browser's `ping` is answered by the platform and wakes nobody.
 */
export const idling: Measure = {
  name: "idle",
  text: "Nobody moves for ten simulated hours (one in the largest room): what happens an hour.",
  figures: {
    alarms: "alarms an hour",
    otherWakes: "other wakes",
    rowsPerAlarm: "rows written an alarm",
    rowsWritten: "rows written an hour",
    rowsRead: "rows read an hour",
    frames: "frames an hour",
    cpuPerAlarm: "CPU an alarm, ms",
  },
  rounds: 1,
  cases: SIZES.map((size) => ({
    name: `room of ${size}`,
    run: (bench) => idle(bench, size),
  })),
};
