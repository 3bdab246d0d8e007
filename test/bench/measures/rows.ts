import { sleep } from "../load/clock.ts";
import { LeanWebSocket } from "../load/web-socket.ts";
import { answerProbe, rollcallHeaders } from "../dialects/rollcall.ts";
import type { Server } from "../servers/server.ts";
import { withCrew, withServer, type Bench, type Measure, type Sample } from "./measure.ts";
import type { Counts } from "../worker/counts.ts";

const ROOM = "rows";
const SETTLE_MS = 400;
const BOUND_MS = 30_000;

/** Opens a socket for a user, and returns once the room has told its state. */
export function openIn(
  { port, secret }: Server,
  room: string,
  user: number,
): Promise<LeanWebSocket> {
  return new Promise((resolve, reject) => {
    const headers = rollcallHeaders({ port, user, secret });
    const upgrade = { port, path: `/rooms/${room}`, headers, offersDeflate: false };
    const socket = new LeanWebSocket(upgrade, {
      onOpen: () => {},
      onMessage: (payload) => {
        const text = payload.toString();
        if (text.startsWith('{"type":"probe"')) socket.send(answerProbe(text));
        if (text.startsWith('{"type":"snapshot"')) resolve(socket);
      },
      onClose: (refusal) => reject(new Error(refusal)),
    });
  });
}

const open = (server: Server, user: number) => openIn(server, ROOM, user);

/** What an object has done so far. */
export async function countsOf({ port }: Server, room: string): Promise<Counts> {
  const response = await fetch(`http://127.0.0.1:${port}/counts/${room}`);
  return (await response.json()) as Counts;
}

/** What a step writes and reads, once it has settled. */
async function count(
  server: Server,
  subject: string,
  step: () => unknown,
  { room = ROOM, settleMs = SETTLE_MS, people = 1 } = {},
): Promise<Sample> {
  const before = await countsOf(server, room);
  await step();
  await sleep(settleMs);
  const after = await countsOf(server, room);
  const grown = (key: keyof Counts) => (after[key] - before[key]) / people;
  return {
    subject,
    system: "Rollcall",
    figures: {
      rows: grown("rowsWritten"),
      alarmsSet: grown("alarmsSet"),
      alarmsFired: grown("alarmsFired"),
      rowsRead: grown("rowsRead"),
    },
  };
}

function countSteps(bench: Bench): Promise<Sample[]> {
  return withServer(bench, "counted", async (server) => {
    const samples: Sample[] = [];
    const add = async (subject: string, step: () => unknown, options = {}) => {
      samples.push(await count(server, subject, step, options));
    };

    await add("the room's very first join", () => open(server, 0));
    let tab: LeanWebSocket;
    await add("first join", async () => (tab = await open(server, 1)));
    let other: LeanWebSocket;
    await add("another tab", async () => (other = await open(server, 1)));
    await add("status change", () => tab.send('{"type":"update","status":"busy"}'));
    await add("same status again", () => tab.send('{"type":"update","status":"busy"}'));
    await add("heartbeat", () => tab.send("ping"));
    await add("a tab leaves", () => other.send('{"type":"leave"}'));
    await add("navigation", async () => {
      tab.goAway();
      await sleep(SETTLE_MS);
      tab = await open(server, 1);
    });
    await add("leave", () => tab.send('{"type":"leave"}'));
    const lost = await open(server, 2);
    await add("lost, until the grace is over", () => lost.drop(), { settleMs: 9_000 });
    return samples;
  });
}

/** With a short time to be stale, so that a silent client is asked soon. */
function countProbe(bench: Bench): Promise<Sample[]> {
  return withServer(
    bench,
    "counted",
    async (server) => {
      await open(server, 0);
      await sleep(SETTLE_MS);
      return [await count(server, "probe and its answer", () => sleep(4_000))];
    },
    { vars: { STALE_SECONDS: "9" } },
  );
}

function countFlap(bench: Bench): Promise<Sample[]> {
  const size = bench.quick ? 100 : 1_000;
  return withServer(bench, "counted", (server) => {
    const { port, secret } = server;
    const room = { system: "Rollcall" as const, port, secret, room: "flap", size, silent: false };
    return withCrew({ ...room, offersDeflate: true }, async (crew) => {
      await crew.connect(BOUND_MS);
      await crew.knows(size, BOUND_MS);
      await sleep(SETTLE_MS);
      const reload = async () => {
        await crew.reload(300, BOUND_MS);
        await crew.knows(size, BOUND_MS);
      };
      const options = { room: "flap", settleMs: 10_000, people: size };
      return [await count(server, `${size} reload, each`, reload, options)];
    });
  });
}

/**
 * By what the storage's cursors tell, and the calls of `setAlarm`, each of which is a row as well.
 */
export const rows: Measure = {
  name: "rows",
  text: "What a single step writes to storage, and what it reads.",
  figures: {
    rows: "rows written",
    alarmsSet: "alarms set, a row each",
    alarmsFired: "alarms fired meanwhile",
    rowsRead: "rows read",
  },
  rounds: 1,
  cases: [
    { name: "steps", run: countSteps },
    { name: "probe", run: countProbe },
    { name: "flap", run: countFlap },
  ],
};
