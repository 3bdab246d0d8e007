import type { SystemName } from "../dialects/index.ts";
import { nowMs } from "../load/clock.ts";
import { cpuMs } from "../servers/usage.ts";
import {
  compressionOf,
  isKnown,
  isPeer,
  OFFERS,
  withCrew,
  withServer,
  type Bench,
  type Measure,
  type Sample,
} from "./measure.ts";
import { warmUp } from "./warm-up.ts";

const SIZES = [100, 300, 600, 1_000, 3_000];
const BOUND_MS = 60_000;
/** What would take longer than this is not run. */
const FORESEEN_MS = 45_000;
/** A case that took longer is not run again. */
const ONCE_MS = 8_000;

const subjectOf = (size: number) => `${size} join`;

async function join(
  bench: Bench,
  system: SystemName,
  offersDeflate: boolean,
  size: number,
  parses = false,
): Promise<Sample> {
  return withServer(bench, system, async (server) => {
    const common = { system, port: server.port, secret: server.secret, offersDeflate };
    await warmUp(common);
    const room = { ...common, room: `storm-${size}`, size, silent: false, parses };
    return withCrew(room, async (crew) => {
      const before = { cpu: cpuMs(server.pid), received: await crew.received() };
      const start = nowMs();
      const open = await crew.connect(BOUND_MS);
      const known = await crew.knows(size, BOUND_MS - (nowMs() - start));
      const cpu = cpuMs(server.pid) - before.cpu;
      const received = await crew.received();
      const isWhole = open.clients === size && known.atMs !== null;
      return {
        subject: `${subjectOf(size)}${parses ? ", clients parse" : ""}`,
        system,
        compression: await compressionOf(crew, offersDeflate),
        figures: {
          seconds: isWhole ? (known.atMs! - start) / 1000 : null,
          cpuSeconds: cpu / 1000,
          megabytes: received.wireBytes / 1e6,
          messages: received.messages,
          generatorSeconds: (received.cpuMs - before.received.cpuMs) / 1000,
        },
        ...(!isWhole && { note: `stopped after ${BOUND_MS / 1000} s` }),
      };
    });
  });
}

/** A list to everybody at each join is cubic in bytes, a message to everybody quadratic. */
function foreseenMs(system: SystemName, size: number, last: Sample, lastSize: number): number {
  const power = system.startsWith("Socket.IO") ? 3 : isPeer(system) ? 2 : 1;
  return (last.figures["seconds"] ?? BOUND_MS) * 1000 * (size / lastSize) ** power;
}

async function joinInEachSize(
  bench: Bench,
  system: SystemName,
  offersDeflate: boolean,
): Promise<Sample[]> {
  const samples: Sample[] = [];
  if (isKnown(bench, system, offersDeflate)) return samples;
  const sizes = bench.quick ? SIZES.slice(0, 2) : SIZES;
  for (const [index, size] of sizes.entries()) {
    const earlier = bench.before.find(({ subject }) => subject === subjectOf(size));
    const seconds = earlier?.figures["seconds"] ?? Number.POSITIVE_INFINITY;
    if (earlier && seconds * 1000 > ONCE_MS) break;
    const last = samples.at(-1);
    const foreseen = last ? foreseenMs(system, size, last, sizes[index - 1]!) : 0;
    if (last && foreseen > FORESEEN_MS) {
      samples.push({
        subject: subjectOf(size),
        system,
        ...(last.compression && { compression: last.compression }),
        figures: { seconds: null },
        note: `not run: by the size before, ${Math.round(foreseen / 1000)} s`,
      });
      break;
    }
    samples.push(await join(bench, system, offersDeflate, size));
  }
  return samples;
}

/**
 * Timed from before the first socket is opened until the last client has been sent what tells it of
 * the last member. CPU is the server's in that time. All is on an own server that has had a small
 * storm in another room before, and every user has a session of their own.
 *
 * The generator's clients read little more than a message's length or counts, which flatters who
 * sends much: a page must parse each message to know who is there. One size is run so as well, with
 * every client parsing every message; the generator's CPU is then part of the time.
 */
export const storm: Measure = {
  name: "storm",
  text: "N users join one room as fast as the generator can. Time until every client knows of all N, the server's CPU in that time, and what all clients together received over the wire.",
  figures: {
    seconds: "until all know all, s",
    cpuSeconds: "server CPU, s",
    megabytes: "received, MB",
    messages: "messages",
    generatorSeconds: "generator CPU, s",
  },
  rounds: 2,
  cases: [
    ...OFFERS.map(({ system, offersDeflate }) => ({
      name: `${system}${offersDeflate ? "" : ", no deflate offered"}`,
      run: (bench: Bench) => joinInEachSize(bench, system, offersDeflate),
    })),
    ...(["Rollcall", "Socket.IO"] as const).map((system) => ({
      name: `${system}, clients parse`,
      run: async (bench: Bench) => {
        if (isPeer(system) && bench.before.length > 0) return [];
        return [await join(bench, system, true, bench.quick ? 100 : 600, true)];
      },
    })),
  ],
};
