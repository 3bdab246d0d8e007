import { Crew } from "../load/crew.ts";
import { sleep } from "../load/clock.ts";
import type { Server } from "../servers/server.ts";
import { median, withServer, type Bench, type Measure, type Sample } from "./measure.ts";

const SIZES = [100, 1_000, 5_000];
/** One process reads what all joiners are sent: gigabytes in the largest room. */
const BOUND_MS = 300_000;
/** An object hibernates after 10 s without events. */
const UNTIL_HIBERNATION_MS = 12_500;
/** Proofs of reading that clients owe after the fill, or answer late, keep a room awake for longer. */
const ATTEMPTS = 5;

const ASK = {
  Rollcall: (turn: number) =>
    `{"type":"update","status":"${turn % 2 ? "online" : "busy"}","id":"a"}`,
  floor: (turn: number) => `keep ${turn}`,
  "floor, telling all": (turn: number) => `tell ${turn}`,
};
type Asked = keyof typeof ASK;

interface Room {
  system: Asked;
  size: number;
  crew: Crew;
  asleep: number[];
  awake: number[];
}

async function fillRooms(servers: Record<Asked, Server>, sizes: number[]): Promise<Room[]> {
  const rooms: Room[] = [];
  for (const system of ["floor", "floor, telling all", "Rollcall"] as const) {
    for (const size of sizes) {
      const { port, secret } = servers[system];
      const room = `wake-${size}`;
      const dialect = system === "Rollcall" ? system : "floor";
      const options = { system: dialect, port, secret, room, size, silent: false } as const;
      const crew = await Crew.gather({ ...options, offersDeflate: false });
      rooms.push({ system, size, crew, asleep: [], awake: [] });
      await crew.connect(BOUND_MS);
      const { atMs } = await crew.knows(size, BOUND_MS);
      if (atMs === null) throw new Error(`${system}: a room of ${size} was not filled.`);
    }
  }
  return rooms;
}

async function wake(bench: Bench): Promise<Sample[]> {
  const rounds = bench.quick ? 1 : 3;
  const sizes = bench.quick ? SIZES.slice(0, 2) : SIZES;
  // So long that no sweep wakes the rooms while they are watched.
  const vars = { STALE_SECONDS: "86400" };
  let constructed = 0;
  const onLog = (line: string) => {
    if (line.includes('"constructed"')) constructed++;
  };
  return withServer(bench, "floor", (floor) =>
    withServer(bench, "floor", (telling) =>
      withServer(
        bench,
        "counted",
        async (server) => {
          const servers = { floor, "floor, telling all": telling, Rollcall: server };
          const rooms = await fillRooms(servers, sizes);
          try {
            await askAll(rooms, rounds, () => constructed);
          } finally {
            await Promise.all(rooms.map(({ crew }) => crew.dismiss()));
          }
          return rooms.map(({ system, size, asleep, awake }) => ({
            subject: `room of ${size}`,
            system,
            figures: { asleepMs: median(asleep), awakeMs: median(awake) },
          }));
        },
        { vars, onLog },
      ),
    ),
  );
}

/** Asks each room once it sleeps, and again while it is awake. */
async function askAll(rooms: readonly Room[], rounds: number, constructed: () => number) {
  let turn = 0;
  for (let round = 0; round < rounds; round++) {
    await sleep(UNTIL_HIBERNATION_MS);
    for (const { system, crew, asleep, awake } of rooms) {
      for (let attempt = 1; ; attempt++) {
        const before = constructed();
        const tookMs = await crew.ask(round, ASK[system](++turn));
        await sleep(1_500);
        const hadSlept = system !== "Rollcall" || constructed() > before;
        if (hadSlept) asleep.push(tookMs);
        if (hadSlept) break;
        if (attempt === ATTEMPTS) throw new Error("The room had not hibernated.");
        await sleep(UNTIL_HIBERNATION_MS);
      }
      awake.push(await crew.ask(round, ASK[system](++turn)));
      await sleep(500);
    }
  }
}

/**
 * Timed at one client, from the sending of a status to the `ack`, which comes when the change is
 * durable; the floor, too, stores a row before it answers. One floor has then done all; the other finds
 * all sockets before it answers, and sends each a change afterwards. The Worker is production's, but that
 * it tells of every start of a room, so that it is certain that the room had hibernated.
 */
export const waking: Measure = {
  name: "wake",
  text: "A room that has hibernated: a client's first frame until its acknowledgement, and the same again while the room is awake.",
  figures: { asleepMs: "hibernating, ms", awakeMs: "awake, ms" },
  rounds: 1,
  cases: [{ name: "Rollcall and floor", run: wake }],
};
