import type { Shown } from "../dialects/dialect.ts";
import { sleep } from "../load/clock.ts";
import type { Crew, CrewOptions } from "../load/crew.ts";
import type { Server } from "../servers/server.ts";
import {
  quantile,
  withCrew,
  withServer,
  type Bench,
  type Measure,
  type Sample,
} from "./measure.ts";
import { warmUp } from "./warm-up.ts";
import { floorOf, storingFloorOf } from "./window-floor.ts";
import { joinLarge } from "./window-join.ts";
import {
  BOUND_MS,
  GATHER_MS,
  PER_SECOND,
  ROOM,
  SETTLE_MS,
  sizeOf,
  start,
  subjectOf,
  type Size,
} from "./window-parts.ts";

/** Of a room's two crowds: those who change, and those who are told. */
type Run = (members: Crew, watchers: Crew | null, server: Server) => Promise<Sample["figures"]>;

/** Runs in a room with its members, and with connections that are shown `shown`. */
async function inRoom(bench: Bench, shown: Shown | null, run: Run): Promise<Sample["figures"]> {
  const { members, connections } = sizeOf(bench);
  return withServer(bench, "Rollcall", async (server) => {
    const { port, secret } = server;
    const common = { system: "Rollcall" as const, port, secret, offersDeflate: true };
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

function rollcall(what: string, shown: (size: Size) => Shown | null) {
  return {
    name: `Rollcall, ${what}`,
    run: async (bench: Bench): Promise<Sample[]> => {
      const figures = await inRoom(bench, shown(sizeOf(bench)), measureChanges(bench));
      return [{ subject: subjectOf(bench, what), system: "Rollcall", figures }];
    },
  };
}

/**
 * Timed from the sending of a status by its member until the last connection that is shown it has
 * the message that tells it. What is received and the CPU are those of all the measured changes;
 * heartbeats are among it. Every member has a socket of its own, and is shown the counts, which do
 * not change.
 */
export const windows: Measure = {
  name: "window",
  text: "3,000 members, shown the counts alone, change their status, 200 a second for 10 s, while 1,000 other connections look on: each watches 50 members, picked at random, or is shown the whole room. The case with nobody has no such connections: its server CPU is what the changes alone cost. The floor delivers as many frames of the same size to as many connections, and takes no changes. The floor with changes takes them too, from as many members: for each it writes a row, and answers with one frame. Last, what one who joins a room of 9,900 receives until it has its state and the 50 whom it watches; these members are there by HTTP leases, without sockets.",
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
    storingFloorOf("window of 50"),
    storingFloorOf("nobody"),
    { name: "join", run: joinLarge },
  ],
};
