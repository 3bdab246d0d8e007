import { request } from "node:http";
import { text } from "node:stream/consumers";
import { nowMs } from "../load/clock.ts";
import type { Server } from "../servers/server.ts";
import type { WorkerSpec } from "../servers/workerd-config.ts";
import { ROOM, shardBinding, SHARDS } from "../worker/large-commands.ts";
import type { Command, FillCommand } from "../worker/large-commands.ts";
import { withServer, type Bench } from "./measure.ts";

/** Leases that nobody renews last until the end. */
const VARS = { LARGE_ROOMS: `${ROOM}=${SHARDS}`, STALE_SECONDS: "3600" };

/** A Worker for what drives the room, for its hub, and for each shard that is no stand-in. */
function workersFor(standIns: number): WorkerSpec[] {
  const real = SHARDS - standIns;
  const hubs = { HUBS: { className: "Hub", worker: "hub" } };
  const shards = Object.fromEntries(
    Array.from({ length: SHARDS }, (_, index) => {
      const isReal = index < real;
      const worker = isReal ? `shard${index}` : "driver";
      return [shardBinding(index), { className: isReal ? "Room" : "StandIn", worker }];
    }),
  );
  return [
    {
      name: "driver",
      classes: ["Driver", "StandIn"],
      objects: { DRIVER: "Driver", STAND_INS: "StandIn", ...hubs, ...shards },
    },
    { name: "hub", classes: ["Hub"], objects: { HUBS: "Hub", ...shards } },
    ...Array.from({ length: real }, (_, index) => ({
      name: `shard${index}`,
      classes: ["Room"],
      objects: { ROOMS: "Room", ...hubs },
    })),
  ];
}

/** Runs with a large room whose last shards are stand-ins. */
export function withLargeRoom<Result>(
  bench: Bench,
  standIns: number,
  run: (server: Server) => Promise<Result>,
): Promise<Result> {
  return withServer(bench, "large", run, { vars: VARS, workers: workersFor(standIns) });
}

const BOUND_MS = 300_000;

/** Sends a command to what drives a room from inside; answers what it answers. */
export function send<Result>({ port }: Server, command: Command | FillCommand): Promise<Result> {
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port, method: "POST" };
    const call = request(options, async (response) => {
      const body = await text(response);
      if (response.statusCode === 200) resolve(JSON.parse(body) as Result);
      else reject(new Error(body));
    });
    const late = new Error(`Not done in time: ${command.do}.`);
    const timer = setTimeout(() => call.destroy(late), BOUND_MS);
    call.once("close", () => clearTimeout(timer));
    call.once("error", reject).end(JSON.stringify(command));
  });
}

/** The same, and how long that took. */
export async function drive<Result>(
  server: Server,
  command: Command,
): Promise<{ result: Result; seconds: number }> {
  const start = nowMs();
  const result = await send<Result>(server, command);
  return { result, seconds: (nowMs() - start) / 1000 };
}
