import type { SystemName } from "../dialects/index.ts";
import { nowMs, sleep } from "../load/clock.ts";
import { cpuMs } from "../servers/usage.ts";
import {
  compressionOf,
  isPeer,
  withCrew,
  withServer,
  type Bench,
  type Measure,
  type Sample,
} from "./measure.ts";
import { warmUp } from "./warm-up.ts";

const BOUND_MS = 20_000;
const SETTLE_MS = 1_500;
/** How long a page takes to load again. */
const RELOAD_MS = 300;
/** Longer than the grace period: a client that had not come back would be seen to leave. */
const AFTER_MS = 10_000;
const WATCHERS = 10;

async function flap(bench: Bench, system: SystemName, offersDeflate: boolean): Promise<Sample[]> {
  const size = bench.quick ? 100 : 1_000;
  const all = size + WATCHERS;
  return withServer(bench, system, async (server) => {
    const common = { system, port: server.port, secret: server.secret, offersDeflate };
    await warmUp(common);
    const room = { ...common, room: "flap", size: all, silent: isPeer(system) };
    return withCrew({ ...room, count: size }, (people) =>
      withCrew({ ...room, first: size, count: WATCHERS }, async (watchers) => {
        await Promise.all([people.connect(BOUND_MS), watchers.connect(BOUND_MS)]);
        if (!isPeer(system)) {
          await Promise.all([people.knows(all, BOUND_MS), watchers.knows(all, BOUND_MS)]);
        }
        await sleep(SETTLE_MS);
        const { messages } = await watchers.received();
        const cpu = cpuMs(server.pid);
        const start = nowMs();
        await people.reload(RELOAD_MS, BOUND_MS);
        const { atMs } = await people.knows(all, BOUND_MS);
        const cpuSpent = cpuMs(server.pid) - cpu;
        await sleep(bench.quick ? SETTLE_MS : Math.max(0, start + AFTER_MS - nowMs()));
        const seen = (await watchers.received()).messages - messages;
        return [
          {
            subject: `${size} reload`,
            system,
            compression: await compressionOf(people, offersDeflate),
            figures: {
              seconds: atMs === null ? null : (atMs - start - RELOAD_MS) / 1000,
              cpuSeconds: cpuSpent / 1000,
              messagesToOthers: seen / WATCHERS,
            },
          },
        ];
      }),
    );
  });
}

/**
 * Timed from the first close, the pause of the page's loading taken off, until every client knows
 * all again. What others are told is counted until the grace period is over.
 */
export const flapping: Measure = {
  name: "flap",
  text: "1,000 people reload their page at once, each back after 300 ms, while ten others watch.",
  figures: {
    seconds: "until all know all again, s",
    cpuSeconds: "server CPU, s",
    messagesToOthers: "messages to each other client",
  },
  rounds: 1,
  cases: (["Rollcall", "PartyServer", "ws"] as const).map((system) => ({
    name: system,
    run: (bench) => flap(bench, system, true),
  })),
};
