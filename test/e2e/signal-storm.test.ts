import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { peakGrowthMb } from "./resident.ts";
import { type Server, startServer } from "./server.ts";
import { Onlookers, SignalStorm } from "./signal-storm.ts";

/** For a stronger run by hand, on a machine with nothing else to do: 100 of them. */
const CONNECTIONS = Number(process.env["STORM_CONNECTIONS"] ?? 10);
const VISITS = Number(process.env["STORM_VISITS"] ?? 2);
/** How many signals each sends a second. */
const RATE = 300;
const ONLOOKERS = 5;
/** What waits to be read and to be sent, and the heap that any traffic gives the engine. */
const MAX_GROWTH_MB = 256;
/** A busy room gathers changes for a second, and other tests run beside this one. */
const MAX_LATE_MS = Number(process.env["STORM_LATE_MS"] ?? 5_000);

let server: Server;

beforeAll(async () => {
  // A busy machine may keep the onlookers from answering for long.
  const vars = { SIGNALS: "true", LARGE_ROOMS: "large=2" };
  server = await startServer({ vars });
});

afterAll(() => server?.stop());

describe("a storm of signals", { timeout: 600_000 }, () => {
  it.each([
    ["[G2.1, G2.3, G2.4, G2.6, V2.1] in a room", "lobby"],
    ["[N1.3] in a large room, where each is refused,", "large"],
  ])("%s delays nobody's coming, change or going, and fills little memory", async (_, room) => {
    const onlookers = new Onlookers(server, room);
    const storm = new SignalStorm();
    const late: number[] = [];
    try {
      await onlookers.join(ONLOOKERS);
      const growth = await peakGrowthMb(server.pid, async () => {
        await storm.begin(server, room, CONNECTIONS, RATE);
        for (let visit = 0; visit < VISITS; visit++) late.push(...(await onlookers.lateMs()));
      });
      expect(Math.max(...late)).toBeLessThan(MAX_LATE_MS);
      expect(growth).toBeLessThan(MAX_GROWTH_MB);
      expect(onlookers.closed).toBe(0);
      expect(storm.last.open).toBe(CONNECTIONS);
    } finally {
      storm.end();
      onlookers.leave();
    }
  });
});
