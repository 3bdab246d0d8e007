import type { SystemName } from "../dialects/index.ts";
import { sleep, nowMs } from "../load/clock.ts";
import type { Crew } from "../load/crew.ts";
import type { Server } from "../servers/server.ts";
import { cpuMs } from "../servers/usage.ts";
import {
  compressionOf,
  isKnown,
  isPeer,
  OFFERS,
  quantile,
  withCrew,
  withServer,
  type Bench,
  type Measure,
  type Sample,
} from "./measure.ts";
import { warmUp } from "./warm-up.ts";

const BOUND_MS = 20_000;
const SETTLE_MS = 1_500;
/** Longer than a room of this size gathers changes: each finds it quiet. */
const PAUSE_MS = 600;
const PER_SECOND = 200;

type Figures = Sample["figures"];

/** Single changes with a pause between: latency of each, and CPU by their number. */
export async function changeQuietly(
  crew: Crew,
  server: Server,
  users: number[],
  pauseMs: number,
): Promise<Figures> {
  const latencies: number[] = [];
  const cpu = cpuMs(server.pid);
  for (const user of users) {
    await crew.expect([user]);
    await crew.change(user);
    const { atMs } = await crew.changesSeen(BOUND_MS);
    if (atMs === null) return { p50: null, p95: null, cpuPerChange: null };
    latencies.push((await crew.latencies())[0]!);
    await sleep(pauseMs);
  }
  return {
    p50: quantile(latencies, 0.5),
    p95: quantile(latencies, 0.95),
    cpuPerChange: (cpuMs(server.pid) - cpu) / users.length,
  };
}

/** Changes of different users at a rate, and what each took until the last client had it. */
async function changeBusily(crew: Crew, server: Server, users: number[]): Promise<Figures> {
  await crew.expect(users);
  const before = { cpu: cpuMs(server.pid), received: await crew.received(), at: nowMs() };
  await crew.changeAll(users, PER_SECOND);
  const { atMs } = await crew.changesSeen(BOUND_MS);
  const cpu = cpuMs(server.pid) - before.cpu;
  const elapsed = nowMs() - before.at;
  const latencies = await crew.latencies();
  const seen = latencies.filter((latency) => latency !== null);
  // Of a system that did not get through: by the share of its messages that came.
  const expected = users.length * (await crew.size());
  const messages = (await crew.received()).messages - before.received.messages;
  const share = atMs === null ? Math.min(1, messages / expected) : 1;
  return {
    p50: atMs === null ? null : quantile(seen, 0.5),
    p95: atMs === null ? null : quantile(seen, 0.95),
    most: atMs === null ? null : Math.max(...seen),
    cpuPerChange: cpu / (users.length * share),
    cpuShare: (cpu / elapsed) * 100,
  };
}

async function measureChanges(
  bench: Bench,
  system: SystemName,
  offersDeflate: boolean,
): Promise<Sample[]> {
  const size = bench.quick ? 200 : 1_000;
  const quietChanges = bench.quick ? 8 : 20;
  const busyChanges = bench.quick ? 100 : 800;
  return withServer(bench, system, async (server) => {
    const common = { system, port: server.port, secret: server.secret, offersDeflate };
    await warmUp(common);
    return withCrew({ ...common, room: "change", size, silent: isPeer(system) }, async (crew) => {
      await crew.connect(BOUND_MS);
      if (!isPeer(system)) await crew.knows(size, BOUND_MS);
      await sleep(SETTLE_MS);
      const compression = await compressionOf(crew, offersDeflate);
      const users = Array.from({ length: size }, (_, user) => user);
      const quiet = await changeQuietly(crew, server, users.slice(0, quietChanges), PAUSE_MS);
      const samples: Sample[] = [
        { subject: `quiet room of ${size}`, system, compression, figures: quiet },
      ];
      // The floor sends a message for a change; what it would gather is for no engine to say.
      if (system === "floor") return samples;
      await sleep(SETTLE_MS);
      const many = users.slice(quietChanges, quietChanges + busyChanges);
      const busy = await changeBusily(crew, server, many);
      samples.push({
        subject: `${PER_SECOND}/s in a room of ${size}`,
        system,
        compression,
        figures: busy,
      });
      return samples;
    });
  });
}

/**
 * A latency is timed from the sending of a status by one client until the last of all clients, the
 * sender among them, has the message that tells it. Peers' rooms are filled without telling anyone.
 */
export const change: Measure = {
  name: "change",
  text: "In a room of 1,000, a status change until every client has it: single ones in a quiet room, and 200 a second spread over 4 s and 800 users.",
  figures: {
    p50: "p50, ms",
    p95: "p95, ms",
    most: "longest, ms",
    cpuPerChange: "server CPU a change, ms",
    cpuShare: "server CPU, % of a core",
  },
  rounds: 2,
  // Awareness knows no way to fill a room without telling everybody.
  cases: OFFERS.filter(({ system }) => system !== "y-partyserver").map(
    ({ system, offersDeflate }) => ({
      name: `${system}${offersDeflate ? "" : ", no deflate offered"}`,
      run: async (bench) => {
        const isSlow = isPeer(system) && bench.before.length > 0;
        return isSlow || isKnown(bench, system, offersDeflate)
          ? []
          : measureChanges(bench, system, offersDeflate);
      },
    }),
  ),
};
