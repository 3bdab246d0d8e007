import { sleep } from "../load/clock.ts";
import { megabytes } from "../servers/heap.ts";
import type { WorkerSpec } from "../servers/workerd-config.ts";
import { send } from "./large-room.ts";
import { withServer, type Bench, type Measure, type Sample } from "./measure.ts";

const SIZES = [1_000, 10_000];
const SETTLE_MS = 2_000;
const VARS = { STALE_SECONDS: "3600", MAX_CONNECTIONS_PER_ROOM: "32000" };

/** The room runs in a Worker of its own. */
const WORKERS: WorkerSpec[] = [
  {
    name: "driver",
    classes: ["Filler"],
    objects: { DRIVER: "Filler", ROOMS: { className: "Room", worker: "room" } },
  },
  { name: "room", classes: ["Room"], objects: { ROOMS: "Room" } },
];

function heapOf(bench: Bench, size: number): Promise<Sample[]> {
  const run = { vars: VARS, workers: WORKERS };
  return withServer(
    bench,
    "large",
    async (server) => {
      const heap = async () => {
        await sleep(SETTLE_MS);
        return (await megabytes(server)).get("room")!;
      };
      await send(server, { do: "hold", count: 1 });
      const empty = await heap();
      await send(server, { do: "hold", count: size });
      const withMembers = await heap();
      await send(server, { do: "open", count: size });
      const withSockets = await heap();
      const figures = {
        empty,
        member: ((withMembers - empty) / size) * 1e3,
        connection: ((withSockets - withMembers) / size) * 1e3,
        heap: withSockets,
      };
      return [{ subject: `room of ${size}`, system: "Rollcall", figures }];
    },
    run,
  );
}

/** As in `large`, the room's isolate has this room alone, and its heap is read after a collection. */
export const heaps: Measure = {
  name: "heap",
  text: "What a room keeps in its JavaScript heap, which the platform limits to 128 MB: members who are there by an HTTP lease, and then a socket of each as well, which is shown the whole room.",
  figures: {
    empty: "heap with nobody in it, MB",
    member: "a member, KB",
    connection: "a connection, KB",
    heap: "heap at the end, MB",
  },
  rounds: 1,
  cases: SIZES.map((size) => ({
    name: `room of ${size}`,
    run: (bench) => heapOf(bench, bench.quick ? size / 10 : size),
  })),
};
