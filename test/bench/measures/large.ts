import { sleep } from "../load/clock.ts";
import { megabytes } from "../servers/heap.ts";
import type { Server } from "../servers/server.ts";
import { cpuMs, memoryKib } from "../servers/usage.ts";
import type { Changed, Entered, Tallies } from "../worker/large-commands.ts";
import { SHARDS } from "../worker/large-commands.ts";
import { drive, withLargeRoom } from "./large-room.ts";
import { median, quantile, type Bench, type Measure, type Sample } from "./measure.ts";

const PER_SECOND = 512;
/** Longer than the number of watchers is kept back. */
const SETTLE_MS = 8_000;

const membersOf = ({ quick }: Bench) => (quick ? 2_000 : 100_000);
const busyMsOf = ({ quick }: Bench) => (quick ? 2_000 : 10_000);
/** An object that nothing happens to sleeps after 10 s. */
const quietMsOf = ({ quick }: Bench) => (quick ? 2_000 : 20_000);

const callsOf = ({ hub, shards }: Tallies) =>
  shards.reduce((sum, { calls }) => sum + calls, hub.calls);

const bytesOf = ({ hub, shards }: Tallies) =>
  shards.reduce((sum, { bytes }) => sum + bytes, hub.bytes);

const sample = (subject: string, figures: Sample["figures"]): Sample => {
  return { subject, system: "Rollcall", figures };
};

/** Everything is real: 16 shards and their hub. */
function wholeRoom(bench: Bench): Promise<Sample[]> {
  const members = membersOf(bench);
  return withLargeRoom(bench, 0, async (server) => {
    const memory = memoryKib(server.pid);
    const cpu = cpuMs(server.pid);
    const joined = await drive(server, { do: "join", members, standIns: 0 });
    const joinCpuSeconds = (cpuMs(server.pid) - cpu) / 1000;
    await sleep(SETTLE_MS);
    const heaps = await megabytes(server);
    const memoryMegabytes = ((memoryKib(server.pid) - memory) * 1024) / 1e6;

    const tally = async (atRest: boolean) =>
      (await drive<Tallies>(server, { do: "tally", atRest, standIns: 0 })).result;
    const still = await tally(true);
    const quietMs = quietMsOf(bench);
    await sleep(quietMs);
    const quiet = callsOf(await tally(false)) - callsOf(still);

    const { result: woken } = await drive<Entered>(server, {
      do: "enter",
      afterMs: quietMs,
      members,
      standIns: 0,
    });
    const { changed, cpuShare } = await changeBusily(bench, server, 0);
    const leaseShards = Array.from({ length: SHARDS - 1 }, (_, index) => `shard${index + 1}`);
    const inShard = Math.round(members / SHARDS);
    return [
      sample(`room of ${members}`, {
        seconds: joined.seconds,
        joinCpuSeconds,
        memory: memoryMegabytes,
        quietCalls: quiet / (quietMs / 60_000) / SHARDS,
        busyCalls: callsOf(changed) / (changed.ms / 1000),
        kilobytes: bytesOf(changed) / changed.ms,
        wokenMs: woken.ms,
        wokenCalls: callsOf(woken),
        wokenMegabytes: bytesOf(woken) / 1e6,
        p50: quantile(changed.latencies, 0.5),
        p95: quantile(changed.latencies, 0.95),
        most: Math.max(...changed.latencies),
        cpuShare,
      }),
      sample("its hub", { heap: heaps.get("hub")! }),
      sample(`a shard of it, ${inShard} sockets`, { heap: heaps.get("shard0")! }),
      sample(`a shard of it, ${inShard} leases`, {
        heap: median(leaseShards.map((name) => heaps.get(name)!)),
      }),
    ];
  });
}

async function changeBusily(bench: Bench, server: Server, standIns: number) {
  const cpu = cpuMs(server.pid);
  const { result: changed } = await drive<Changed>(server, {
    do: "change",
    perSecond: PER_SECOND,
    ms: busyMsOf(bench),
    standIns,
  });
  return { changed, cpuShare: ((cpuMs(server.pid) - cpu) / changed.ms) * 100 };
}

/** The hub is real, and the shards do nothing but report and take what they are told. */
function hubAlone(bench: Bench): Promise<Sample[]> {
  const members = membersOf(bench);
  return withLargeRoom(bench, SHARDS, async (server) => {
    await drive(server, { do: "fill", members, standIns: SHARDS });
    await sleep(SETTLE_MS);
    const before = await megabytes(server);
    const { cpuShare } = await changeBusily(bench, server, SHARDS);
    await sleep(SETTLE_MS);
    const heaps = await megabytes(server);
    return [
      sample("hub and 16 stand-ins", { heap: before.get("hub")!, cpuShare }),
      sample("hub after the changes", { heap: heaps.get("hub")! }),
    ];
  });
}

/** One shard is real beside the hub. */
function shardAlone(bench: Bench): Promise<Sample[]> {
  const members = membersOf(bench);
  const standIns = SHARDS - 1;
  return withLargeRoom(bench, standIns, async (server) => {
    await drive(server, { do: "join", members, standIns });
    await sleep(SETTLE_MS);
    const alone = (await megabytes(server)).get("shard0")!;
    await drive(server, { do: "fill", members, standIns });
    await sleep(SETTLE_MS);
    const heap = (await megabytes(server)).get("shard0")!;
    const { cpuShare } = await changeBusily(bench, server, standIns);
    const copy = ((heap - alone) * SHARDS) / standIns;
    return [
      sample("hub, 15 stand-ins and a shard", { heap, cpuShare }),
      sample(`a copy of ${members}`, { heap: copy }),
    ];
  });
}

/**
 * Every object runs in a Worker of its own of one workerd process, and so in an isolate of its own: its
 * heap is what the inspector tells of that isolate after a collection. Code and what the runtime
 * itself keeps there are in it.
 */
export const large: Measure = {
  name: "large",
  text: "100,000 members in a large room of 16 shards, in one process: in the first shard everyone has a socket, and watches 20 others beside the first 20; in the others everyone has an HTTP lease, made inside the shard. Then nothing happens for 20 s, so that the hub sleeps; one more joins, and the hub has all shards report, until all have the list again. Then 512 members a second change their status for 10 s, until all shards have it. CPU is the whole process's, with what drives it. The heap is that of the object's own isolate.",
  figures: {
    seconds: "until all are in and all shards know all, s",
    joinCpuSeconds: "CPU for it, s",
    heap: "heap, MB",
    memory: "memory of the process, MB",
    quietCalls: "quiet: calls a minute a shard",
    busyCalls: "busy: calls a second",
    kilobytes: "busy: KB a second between objects",
    wokenMs: "a join after 20 s, until all shards have it, ms",
    wokenCalls: "calls for it",
    wokenMegabytes: "MB between objects for it",
    p50: "a change p50, ms",
    p95: "a change p95, ms",
    most: "longest, ms",
    cpuShare: "busy: CPU, % of a core",
  },
  rounds: 1,
  cases: [
    { name: "16 shards", run: wholeRoom },
    { name: "hub alone", run: hubAlone },
    { name: "one shard", run: shardAlone },
  ],
};
