import type { Shown } from "../dialects/dialect.ts";
import { nowMs, sleep } from "../load/clock.ts";
import type { Crew, CrewOptions } from "../load/crew.ts";
import type { Received } from "../load/crowd.ts";
import type { Server } from "../servers/server.ts";
import { cpuMs } from "../servers/usage.ts";
import {
  quantile,
  withCrew,
  withServer,
  type Bench,
  type Measure,
  type Sample,
} from "./measure.ts";
import { warmUp } from "./warm-up.ts";
import { joinLarge } from "./window-join.ts";

const ROOM = "window";
const BOUND_MS = 60_000;
const SETTLE_MS = 1_500;
const PER_SECOND = 200;
/** How long a room of this size gathers changes, and how often the floor is told to deliver. */
const GATHER_MS = 1_000;
const POLL_MS = 50;

interface Size {
  members: number;
  connections: number;
  watches: number;
  /** Changes before those that are measured, so that the code which tells them is compiled. */
  warm: number;
  changes: number;
}

const FULL: Size = { members: 3_000, connections: 1_000, watches: 50, warm: 400, changes: 2_000 };
const QUICK: Size = { members: 300, connections: 100, watches: 50, warm: 100, changes: 200 };

const sizeOf = ({ quick }: Bench) => (quick ? QUICK : FULL);

/** Of a room's two crowds: those who change, and those who are told. */
type Run = (members: Crew, watchers: Crew | null, server: Server) => Promise<Sample["figures"]>;

/** Runs in a room with its members, and with connections that are shown `shown`. */
async function inRoom(
  bench: Bench,
  system: "Rollcall" | "floor",
  shown: Shown | null,
  run: Run,
): Promise<Sample["figures"]> {
  const { members, connections } = sizeOf(bench);
  return withServer(bench, system, async (server) => {
    const { port, secret } = server;
    const common = { system, port, secret, offersDeflate: true };
    await warmUp(common);
    const room = { ...common, room: ROOM, size: members, silent: false };
    return withCrew({ ...room, shown: "counts" }, async (inside) => {
      await inside.connect(BOUND_MS);
      await inside.knows(members, BOUND_MS);
      if (shown === null) return run(inside, null, server);
      const seats: CrewOptions = { ...room, first: members, count: connections, shown };
      return withCrew(seats, async (watchers) => {
        await watchers.connect(BOUND_MS);
        await watchers.knows(members, BOUND_MS);
        return run(inside, watchers, server);
      });
    });
  });
}

/** What the server's CPU and the received grew by, from the call of this to the call of what it answers. */
async function start(server: Server, watchers: Crew | null) {
  const receivedNow = async () => (await watchers?.received()) ?? null;
  const before = { cpu: cpuMs(server.pid), at: nowMs(), received: await receivedNow() };
  return async (connections: number): Promise<Sample["figures"]> => {
    const cpu = cpuMs(server.pid) - before.cpu;
    const elapsed = nowMs() - before.at;
    const figures = { cpuSeconds: cpu / 1000, cpuShare: (cpu / elapsed) * 100 };
    const received = await receivedNow();
    if (received === null || before.received === null) return figures;
    const grown = (key: keyof Received) => received[key] - before.received![key];
    return {
      ...figures,
      kilobytes: grown("wireBytes") / connections / 1000,
      frames: grown("messages") / connections,
      frameBytes: grown("payloadBytes") / grown("messages"),
    };
  };
}

/** Changes users at the rate, until all who are shown them have them; answers what each took. */
async function change(members: Crew, watchers: Crew | null, users: number[]) {
  await Promise.all([members.expect(users), watchers?.expect(users)]);
  await members.changeAll(users, PER_SECOND);
  if (watchers === null) {
    await sleep(GATHER_MS);
    return [];
  }
  if ((await watchers.changesSeen(BOUND_MS)).atMs === null) return null;
  const sent = new Map((await members.changes()).map(({ user, sentAt }) => [user, sentAt]));
  return (await watchers.changes()).map(({ user, lastAt }) => lastAt! - sent.get(user)!);
}

const measureChanges =
  (bench: Bench): Run =>
  async (members, watchers, server) => {
    const { warm, changes, connections } = sizeOf(bench);
    const users = Array.from({ length: warm + changes }, (_, user) => user);
    await sleep(SETTLE_MS);
    await change(members, watchers, users.slice(0, warm));
    await sleep(SETTLE_MS);
    const stop = await start(server, watchers);
    const latencies = await change(members, watchers, users.slice(warm));
    const figures = await stop(connections);
    if (latencies === null) return { ...figures, p50: null, p95: null, most: null };
    if (watchers === null) return figures;
    return {
      ...figures,
      p50: quantile(latencies, 0.5),
      p95: quantile(latencies, 0.95),
      most: Math.max(...latencies),
    };
  };

const subjectOf = (bench: Bench, what: string) => {
  const { members, connections } = sizeOf(bench);
  return `${what}, ${connections} in a room of ${members}`;
};

function rollcall(what: string, shown: (size: Size) => Shown | null) {
  return {
    name: `Rollcall, ${what}`,
    run: async (bench: Bench): Promise<Sample[]> => {
      const figures = await inRoom(bench, "Rollcall", shown(sizeOf(bench)), measureChanges(bench));
      return [{ subject: subjectOf(bench, what), system: "Rollcall", figures }];
    },
  };
}

/** The engine takes as many frames of the members, and answers each with one, as the room does. */
const floorOfChanges = {
  name: "floor, nobody",
  run: async (bench: Bench): Promise<Sample[]> => {
    const figures = await inRoom(bench, "floor", null, measureChanges(bench));
    return [{ subject: subjectOf(bench, "nobody"), system: "floor", figures }];
  },
};

/** The engine delivers as many frames, of the size that they had on average, as often as the room did. */
function floorOf(what: string) {
  return {
    name: `floor, ${what}`,
    run: async (bench: Bench): Promise<Sample[]> => {
      const subject = subjectOf(bench, what);
      const ours = bench.found.findLast((sample) => sample.subject === subject)?.figures;
      if (!ours) throw new Error("Not known what the room delivered.");
      const { connections, changes } = sizeOf(bench);
      const times = Math.ceil((changes / PER_SECOND) * (1_000 / GATHER_MS));
      const frames = Math.round((ours["frames"]! * connections) / times);
      const text = `deliver ${frames} ${Math.round(ours["frameBytes"]!)}`;
      const figures = await withServer(bench, "floor", async (server) => {
        const { port, secret } = server;
        const common = { system: "floor" as const, port, secret, offersDeflate: true };
        await warmUp(common);
        const room = { ...common, room: ROOM, size: 1, count: connections, silent: false };
        return withCrew(room, async (crew) => {
          await crew.connect(BOUND_MS);
          await crew.knows(1, BOUND_MS);
          await sleep(SETTLE_MS);
          await deliver(crew, text, frames, 2);
          await sleep(SETTLE_MS);
          const stop = await start(server, crew);
          await deliver(crew, text, frames, times);
          return stop(connections);
        });
      });
      return [{ subject, system: "floor", figures }];
    },
  };
}

async function deliver(crew: Crew, text: string, frames: number, times: number): Promise<void> {
  const expected = (await crew.received()).messages + frames * times;
  const from = nowMs();
  for (let time = 1; time <= times; time++) {
    await crew.say(0, text);
    await sleep(from + time * GATHER_MS - nowMs());
  }
  while ((await crew.received()).messages < expected) {
    if (nowMs() - from > times * GATHER_MS + BOUND_MS) throw new Error("Not delivered in time.");
    await sleep(POLL_MS);
  }
}

/**
 * Timed from the sending of a status by its member until the last connection that is shown it has
 * the message that tells it. What is received and the CPU are those of all the measured changes;
 * heartbeats are among it. Every member has a socket of its own, and is shown the counts, which do
 * not change.
 */
export const windows: Measure = {
  name: "window",
  text: "3,000 members, shown the counts alone, change their status, 200 a second for 10 s, while 1,000 other connections look on: each watches 50 members, picked at random, or is shown the whole room. The case with nobody has no such connections: its server CPU is what the changes alone cost. The floor delivers as many frames of the same size to as many connections, and takes no changes; in the case with nobody it takes as many frames, answers each with one, and stores nothing. Last, what one who joins a room of 9,900 receives until it has its state and the 50 whom it watches; these members are there by HTTP leases, without sockets.",
  figures: {
    p50: "p50, ms",
    p95: "p95, ms",
    most: "longest, ms",
    cpuSeconds: "server CPU, s",
    cpuShare: "server CPU, % of a core",
    kilobytes: "received a connection, KB",
    frames: "frames a connection",
    frameBytes: "a frame, bytes",
    seconds: "until it has its state, s",
  },
  rounds: 1,
  cases: [
    rollcall("window of 50", ({ watches, members }) => ({ watches, of: members })),
    rollcall("whole room", () => "all"),
    rollcall("nobody", () => null),
    floorOf("window of 50"),
    floorOf("whole room"),
    floorOfChanges,
    { name: "join", run: joinLarge },
  ],
};
