import { nowMs, sleep } from "../load/clock.ts";
import { Pointers, type Seen } from "../load/pointers.ts";
import { cpuMs } from "../servers/usage.ts";
import { quantile, withServer, type Bench, type Measure, type Sample } from "./measure.ts";

const SYSTEMS = ["Rollcall", "PartyServer", "ws"] as const;
const ROOM = "signals";
const PEOPLE = 30;
const PER_SECOND = 30;
const WARM_MS = 3_000;
const MOVE_MS = 10_000;
/** A room that is sent to 30 times a second sends every 33 ms. */
const GATHER_MS = 1_000 / 30;

/** What a page receives a second, and what the server takes for it. */
function figuresOf({ frames, bytes, latencies }: Seen, cpu: number, ms: number): Sample["figures"] {
  const each = (all: number) => all / PEOPLE / (ms / 1_000);
  return {
    ...(latencies.length > 0 && {
      p50: quantile(latencies, 0.5),
      p95: quantile(latencies, 0.95),
      most: latencies.reduce((most, latency) => Math.max(most, latency), 0),
      places: each(latencies.length),
      cpuMicros: (cpu * 1_000) / latencies.length,
    }),
    cpuShare: (cpu / ms) * 100,
    frames: each(frames),
    kilobytes: each(bytes) / 1_000,
    frameBytes: bytes / frames,
  };
}

async function measure(
  bench: Bench,
  system: (typeof SYSTEMS)[number] | "floor",
  deliver?: string,
): Promise<Sample[]> {
  const ms = bench.quick ? 3_000 : MOVE_MS;
  const figures = await withServer(
    bench,
    system,
    async ({ pid, port, secret }) => {
      const pages = await Pointers.open({ system, port, secret, room: ROOM, count: PEOPLE });
      let sends = 0;
      const timer = setInterval(() => {
        if (deliver === undefined) return;
        // However late timers are, as many are sent as are due.
        while (startedAt + sends * GATHER_MS <= nowMs()) {
          pages.say(deliver);
          sends++;
        }
      }, GATHER_MS / 2);
      const startedAt = nowMs();
      try {
        await pages.move(PER_SECOND, WARM_MS);
        await sleep(500);
        const before = { cpu: cpuMs(pid), at: nowMs() };
        const seen = await pages.move(PER_SECOND, ms);
        return figuresOf(seen, cpuMs(pid) - before.cpu, nowMs() - before.at);
      } finally {
        clearInterval(timer);
        pages.close();
      }
    },
    system === "Rollcall" ? { vars: { SIGNALS: "true" } } : {},
  );
  return [{ subject: `${PEOPLE} people`, system, figures }];
}

/** The engine takes the same signals, and delivers as many frames of the same size as the room does. */
async function measureFloor(bench: Bench): Promise<Sample[]> {
  const ours = bench.found.findLast(({ system }) => system === "Rollcall")?.figures;
  if (!ours) throw new Error("Not known what the room delivered.");
  const frames = Math.round(ours["frames"]! * PEOPLE * (GATHER_MS / 1_000));
  return measure(bench, "floor", `deliver ${frames} ${Math.round(ours["frameBytes"]!)}`);
}

/**
 * A latency is timed from the sending of a place by one page until another page of the same process
 * has the frame that carries it. Peers send each place to everybody else when it comes.
 */
export const signals: Measure = {
  name: "signals",
  text: `${PEOPLE} people move their pointers in one room, each ${PER_SECOND} times a second for 10 s, and every page sees all the others'. Peers relay each place as it comes.`,
  figures: {
    p50: "p50, ms",
    p95: "p95, ms",
    most: "longest, ms",
    cpuShare: "server CPU, % of a core",
    cpuMicros: "server CPU a place and page, µs",
    places: "places a page, a second",
    frames: "frames a page, a second",
    kilobytes: "received a page, KB a second",
    frameBytes: "a frame, bytes",
  },
  rounds: 2,
  cases: [
    ...SYSTEMS.map((system) => ({ name: system, run: (bench: Bench) => measure(bench, system) })),
    { name: "floor", run: measureFloor },
  ],
};
