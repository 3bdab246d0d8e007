import { sleep } from "../load/clock.ts";
import type { LeanWebSocket } from "../load/web-socket.ts";
import { cpuMs } from "../servers/usage.ts";
import { grown, letPass } from "./idle.ts";
import { withServer, type Bench, type Measure, type Sample } from "./measure.ts";
import { openIn } from "./rows.ts";

const SIZES = [10, 100, 1_000];
const ROOM = "navigate";
/** 60 in a day of eight hours, for each person. */
const NAVIGATION_EVERY_MS = 480_000;
/** How long a page takes to load. */
const LOAD_MS = 300;
const SETTLE_MS = 1_500;
/** Sockets opened at the same time. */
const AT_ONCE = 100;

/** The times between navigations, as they come by chance: the same in every run. */
function* pauses(everyMs: number): Generator<number, never> {
  for (let seed = 1; ; seed = (seed * 48_271) % 2_147_483_647) {
    yield Math.max(LOAD_MS, -Math.log(seed / 2_147_483_647) * everyMs);
  }
}

async function navigate(bench: Bench, size: number): Promise<Sample[]> {
  const pages = bench.quick ? 20 : 200;
  const everyMs = NAVIGATION_EVERY_MS / size;
  return withServer(bench, "simulated", async (server) => {
    const open = (user: number) => openIn(server, ROOM, user);
    const sockets: LeanWebSocket[] = [];
    while (sockets.length < size) {
      const count = Math.min(AT_ONCE, size - sockets.length);
      const users = Array.from({ length: count }, (_, index) => sockets.length + index);
      sockets.push(...(await Promise.all(users.map(open))));
    }
    await sleep(SETTLE_MS);
    const pass = (ms: number) => letPass(server, ROOM, ms);

    const first = await pass(0);
    const still = await pass(pages * everyMs);
    const pause = pauses(everyMs);
    let passedMs = 0;
    const cpu = cpuMs(server.pid);
    for (let page = 0; page < pages; page++) {
      const user = page % size;
      await sockets[user]!.leavePage();
      await pass(LOAD_MS);
      sockets[user] = await open(user);
      const pauseMs = pause.next().value;
      await pass(pauseMs - LOAD_MS);
      passedMs += pauseMs;
    }
    const spent = cpuMs(server.pid) - cpu;
    const idle = grown(first, still);
    const share = passedMs / (pages * everyMs);
    const busy = grown(still, await pass(0));
    const written = ({ rowsWritten, alarmsSet }: typeof busy) => rowsWritten + alarmsSet;
    return [
      {
        subject: `room of ${size}`,
        system: "Rollcall",
        figures: {
          rows: busy.rowsWritten / pages,
          alarms: (busy.alarmsSet - share * idle.alarmsSet) / pages,
          written: (written(busy) - share * written(idle)) / pages,
          all: written(busy) / pages,
          fired: (busy.alarmsFired - share * idle.alarmsFired) / pages,
          read: (busy.rowsRead - share * idle.rowsRead) / pages,
          cpu: spent / pages,
        },
      },
    ];
  });
}

/**
 * Time is simulated as in `idle`; the sockets, the storage and the work are real. What the same
 * time costs when nobody moves is taken off. CPU is the server's, Worker and alarms included.
 */
export const navigating: Measure = {
  name: "navigate",
  text: "Each person opens another page every eight minutes on average, at times as they come by chance, and is back after 300 ms: what one navigation costs.",
  figures: {
    rows: "rows of members",
    alarms: "alarms set, a row each, beyond an idle room's",
    written: "rows written, both",
    all: "with an idle room's",
    fired: "alarms fired, beyond an idle room's",
    read: "rows read, beyond an idle room's",
    cpu: "server CPU, ms",
  },
  rounds: 1,
  cases: SIZES.map((size) => ({
    name: `room of ${size}`,
    run: (bench) => navigate(bench, size),
  })),
};
