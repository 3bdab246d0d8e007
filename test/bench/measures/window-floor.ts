import { nowMs, sleep } from "../load/clock.ts";
import type { Crew, CrewOptions } from "../load/crew.ts";
import type { Server } from "../servers/server.ts";
import { withCrew, withServer, type Bench, type Sample } from "./measure.ts";
import { warmUp } from "./warm-up.ts";
import {
  BOUND_MS,
  GATHER_MS,
  PER_SECOND,
  ROOM,
  SETTLE_MS,
  sizeOf,
  start,
  subjectOf,
} from "./window-parts.ts";

const POLL_MS = 50;

/** What the room delivered: frames of this size, so many times. */
interface Deliveries {
  frames: number;
  bytes: number;
  times: number;
}

function deliveriesOf(bench: Bench, subject: string): Deliveries {
  const ours = bench.found.findLast((sample) => sample.subject === subject)?.figures;
  if (!ours) throw new Error("Not known what the room delivered.");
  const { connections, changes } = sizeOf(bench);
  const times = Math.ceil((changes / PER_SECOND) * (1_000 / GATHER_MS));
  const frames = Math.round((ours["frames"]! * connections) / times);
  return { frames, bytes: Math.round(ours["frameBytes"]!), times };
}

/** Has the room deliver, by a word of one of the crew; resolves when all has come. */
async function deliver(
  crew: Crew,
  user: number,
  { frames, bytes, times }: Deliveries,
): Promise<void> {
  const expected = (await crew.received()).messages + frames * times;
  const from = nowMs();
  for (let time = 1; time <= times; time++) {
    await crew.say(user, `deliver ${frames} ${bytes}`);
    await sleep(from + time * GATHER_MS - nowMs());
  }
  while ((await crew.received()).messages < expected) {
    if (nowMs() - from > times * GATHER_MS + BOUND_MS) throw new Error("Not delivered in time.");
    await sleep(POLL_MS);
  }
}

/** The engine delivers as many frames, of the size that they had on average, as often as the room did. */
export function floorOf(what: string) {
  return {
    name: `floor, ${what}`,
    run: async (bench: Bench): Promise<Sample[]> => {
      const subject = subjectOf(bench, what);
      const { connections } = sizeOf(bench);
      const deliveries = deliveriesOf(bench, subject);
      const figures = await withServer(bench, "floor", async (server) => {
        const common = commonOf(server, "floor");
        await warmUp(common);
        const room = { ...common, room: ROOM, size: 1, count: connections, silent: false };
        return withCrew(room, async (crew) => {
          await crew.connect(BOUND_MS);
          await crew.knows(1, BOUND_MS);
          await sleep(SETTLE_MS);
          await deliver(crew, 0, { ...deliveries, times: 2 });
          await sleep(SETTLE_MS);
          const stop = await start(server, crew);
          await deliver(crew, 0, deliveries);
          return stop(connections);
        });
      });
      return [{ subject, system: "floor", figures }];
    },
  };
}

const commonOf = ({ port, secret }: Server, system: "floor" | "storing floor") => ({
  system,
  port,
  secret,
  offersDeflate: true,
});

/**
 * The engine delivers the same, and takes as many changes from as many members beside: for each it
 * writes a row and sends one answer. With `nobody` it delivers nothing.
 */
export function storingFloorOf(what: string) {
  return {
    name: `storing floor, ${what}`,
    run: async (bench: Bench): Promise<Sample[]> => {
      const subject = subjectOf(bench, what);
      const { members, connections } = sizeOf(bench);
      const deliveries = what === "nobody" ? null : deliveriesOf(bench, subject);
      const figures = await withServer(bench, "floor", async (server) => {
        const common = commonOf(server, "storing floor");
        await warmUp(common);
        const room = { ...common, room: ROOM, size: members, silent: false };
        return withCrew({ ...room, shown: "counts" }, async (inside) => {
          await inside.connect(BOUND_MS);
          await inside.knows(members, BOUND_MS);
          if (deliveries === null) return change(bench, server, inside, null, null);
          const seats: CrewOptions = { ...room, first: members, count: connections, shown: "all" };
          return withCrew(seats, async (watchers) => {
            await watchers.connect(BOUND_MS);
            await watchers.knows(members, BOUND_MS);
            return change(bench, server, inside, watchers, deliveries);
          });
        });
      });
      return [{ subject, system: "floor with changes", figures }];
    },
  };
}

async function change(
  bench: Bench,
  server: Server,
  inside: Crew,
  watchers: Crew | null,
  deliveries: Deliveries | null,
): Promise<Sample["figures"]> {
  const { members, warm, changes, connections } = sizeOf(bench);
  const users = Array.from({ length: warm + changes }, (_, user) => user);
  const run = async (some: number[], times: number) => {
    const delivered =
      deliveries && watchers && deliver(watchers, members, { ...deliveries, times });
    await inside.changeAll(some, PER_SECOND);
    await (delivered ?? sleep(GATHER_MS));
  };
  await sleep(SETTLE_MS);
  await run(users.slice(0, warm), 2);
  await sleep(SETTLE_MS);
  const stop = await start(server, watchers);
  await run(users.slice(warm), deliveries?.times ?? 0);
  return stop(connections);
}
