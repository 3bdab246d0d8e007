import { rollcallHeaders } from "../dialects/rollcall.ts";
import { Crew } from "../load/crew.ts";
import { loadHttp } from "../load/http.ts";
import type { Server } from "../servers/server.ts";
import { cpuMs } from "../servers/usage.ts";
import { withCrew, withServer, type Bench, type Measure, type Sample } from "./measure.ts";

const MEMBERS = 100;
const CONNECTIONS = 16;
const BOUND_MS = 20_000;
const ROOM = "read";

interface Question {
  subject: string;
  system: "Rollcall" | "floor";
  server: Server;
  path: string;
  headers: readonly string[];
  status: string;
}

async function ask(question: Question, ms: number): Promise<Sample> {
  const { subject, system, server, path, headers, status } = question;
  const load = { port: server.port, path, headers, connections: CONNECTIONS };
  await loadHttp({ ...load, ms: ms / 4 });
  const cpu = cpuMs(server.pid);
  const { perSecond, statuses, bodyBytes } = await loadHttp({ ...load, ms });
  const cpuSpent = cpuMs(server.pid) - cpu;
  const strange = Object.keys(statuses).filter((each) => each !== status);
  if (strange.length > 0) throw new Error(`${subject}: answered ${strange.join()}.`);
  return {
    subject,
    system,
    figures: { perSecond, cpuMicros: (cpuSpent * 1e6) / (perSecond * ms), bodyBytes },
  };
}

async function read(bench: Bench): Promise<Sample[]> {
  const ms = bench.quick ? 500 : 2_000;
  return withServer(bench, "Rollcall", (server) =>
    withServer(bench, "floor", (floor) => {
      const { port, secret } = server;
      const room = { system: "Rollcall" as const, port, secret, room: ROOM, size: MEMBERS };
      return withCrew({ ...room, offersDeflate: true, silent: false }, async (crew: Crew) => {
        await crew.connect(BOUND_MS);
        await crew.knows(MEMBERS, BOUND_MS);
        // A server that reads sends no `Origin`, and neither does a page that reads its own host.
        const headers = rollcallHeaders({ port, user: 0, secret }).filter(
          (line) => !line.startsWith("Origin:"),
        );
        const path = `/rooms/${ROOM}`;
        const whole = await fetch(`http://127.0.0.1:${port}${path}`, {
          headers: Object.fromEntries(headers.map((line) => line.split(": ") as [string, string])),
        });
        const { length } = await whole.text();
        const etag = whole.headers.get("ETag")!;
        const ours = { system: "Rollcall" as const, server, path, headers, status: "200" };
        const questions: Question[] = [
          {
            ...ours,
            subject: "bare fetch of the same size",
            system: "floor",
            server: floor,
            path: `/bare/${ROOM}?bytes=${length}`,
            headers: [],
          },
          { ...ours, subject: "fresh" },
          {
            ...ours,
            subject: "If-None-Match",
            headers: [...headers, `If-None-Match: ${etag}`],
            status: "304",
          },
          { ...ours, subject: "since", path: `${path}?since=${etag.slice(1, -1)}` },
        ];
        const samples: Sample[] = [];
        for (const question of questions) samples.push(await ask(question, ms));
        return samples;
      });
    }),
  );
}

/** Requests over 16 connections that are kept, one under way on each; a session's cookie on each. */
export const reading: Measure = {
  name: "read",
  text: "GET of a room of 100 members, beside a Worker that fetches as many bytes from an object and does nothing else.",
  figures: {
    perSecond: "requests a second",
    cpuMicros: "server CPU a request, µs",
    bodyBytes: "body, bytes",
  },
  rounds: 3,
  cases: [{ name: "Rollcall and floor", run: read }],
};
