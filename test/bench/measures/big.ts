import { readFileSync } from "node:fs";
import type { SystemName } from "../dialects/index.ts";
import { nowMs, sleep } from "../load/clock.ts";
import { cpuMs, memoryKib } from "../servers/usage.ts";
import { changeQuietly } from "./change.ts";
import {
  compressionOf,
  isKnown,
  withCrew,
  withServer,
  type Bench,
  type Measure,
  type Sample,
} from "./measure.ts";
import { warmUp } from "./warm-up.ts";

const BOUND_MS = 60_000;
const SETTLE_MS = 3_000;
/** Longer than a room of this size gathers changes. */
const PAUSE_MS = 1_200;
const PROCESSES = 4;
const SIZE = 10_000;
/** workerd takes two file descriptors for a connection, and some for itself. */
const OWN_DESCRIPTORS = 100;

/** As many as are wanted, or as this machine lets one process have. */
function reachableSize(): number {
  const limits = readFileSync("/proc/self/limits", "utf8");
  const most = Number(/^Max open files\s+\S+\s+(\d+)/m.exec(limits)![1]);
  const reachable = Math.floor((most - OWN_DESCRIPTORS) / 2 / PROCESSES) * PROCESSES;
  return Math.min(SIZE, reachable);
}

async function fill(bench: Bench, system: SystemName, offersDeflate: boolean): Promise<Sample[]> {
  if (isKnown(bench, system, offersDeflate)) return [];
  const size = bench.quick ? 1_000 : reachableSize();
  const leaving = bench.quick ? 200 : 2_000;
  return withServer(bench, system, async (server) => {
    const common = { system, port: server.port, secret: server.secret, offersDeflate };
    await warmUp(common);
    const room = { ...common, room: "big", size, silent: false, processes: PROCESSES };
    return withCrew(room, async (crew) => {
      const before = { cpu: cpuMs(server.pid), memory: memoryKib(server.pid) };
      const start = nowMs();
      const open = await crew.connect(BOUND_MS);
      const known = await crew.knows(size, BOUND_MS - (nowMs() - start));
      const joinCpu = cpuMs(server.pid) - before.cpu;
      await sleep(SETTLE_MS);
      const memory = memoryKib(server.pid) - before.memory;
      const { p50, cpuPerChange } = await changeQuietly(
        crew,
        server,
        Array.from({ length: bench.quick ? 2 : 5 }, (_, user) => user),
        PAUSE_MS,
      );
      const compression = await compressionOf(crew, offersDeflate);
      const leave: Sample["figures"] = {};
      if (system === "Rollcall") {
        const left = nowMs();
        const cpu = cpuMs(server.pid);
        await crew.drop(leaving);
        const { atMs } = await crew.knows(size - leaving, BOUND_MS);
        leave["leaveSeconds"] = atMs === null ? null : (atMs - left) / 1000;
        leave["leaveCpuSeconds"] = (cpuMs(server.pid) - cpu) / 1000;
      }
      return [
        {
          subject: `${size} connections`,
          system,
          compression,
          figures: {
            joined: open.clients,
            seconds: known.atMs === null ? null : (known.atMs - start) / 1000,
            joinCpuSeconds: joinCpu / 1000,
            kibEach: memory / open.clients,
            p50: p50!,
            cpuPerChange: cpuPerChange!,
            ...leave,
          },
          ...(!bench.quick && size < SIZE && { note: "the limit of open files allows no more" }),
        },
      ];
    });
  });
}

/**
 * Memory is what the server's process shares with no other, settled after all joined, less what it
 * was before, by the number of connections.
 */
export const big: Measure = {
  name: "big",
  text: "10,000 connections in one room: all join, a change reaches all, then 2,000 are gone without a word, until the others know.",
  figures: {
    joined: "joined",
    seconds: "until all know all, s",
    joinCpuSeconds: "server CPU to join, s",
    kibEach: "memory a connection, KiB",
    p50: "a change p50, ms",
    cpuPerChange: "server CPU a change, ms",
    leaveSeconds: "2,000 lost until known, s",
    leaveCpuSeconds: "server CPU for it, s",
  },
  rounds: 1,
  cases: [true, false].flatMap((offersDeflate) =>
    (["floor", "Rollcall"] as const).map((system) => ({
      name: `${system}${offersDeflate ? "" : ", no deflate offered"}`,
      run: (bench: Bench) => fill(bench, system, offersDeflate),
    })),
  ),
};
