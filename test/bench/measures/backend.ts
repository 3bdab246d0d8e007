import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { nowMs, sleep } from "../load/clock.ts";
import type { LeanWebSocket } from "../load/web-socket.ts";
import type { Server } from "../servers/server.ts";
import { cpuMs } from "../servers/usage.ts";
import type { Counts } from "../worker/counts.ts";
import { withCrew, withServer, type Bench, type Measure, type Sample } from "./measure.ts";
import { countsOf, openIn } from "./rows.ts";
import { warmUp } from "./warm-up.ts";

const ROOM = "backend";
/** Longer than webhooks and the list of rooms wait. */
const SETTLE_MS = 6_500;
const BOUND_MS = 60_000;
const USERS = "users";
const COUNTED = [ROOM, USERS, "directory", "calls"];

type Vars = Record<string, string>;

/** Receives webhooks, and accepts each. */
async function withReceiver<Result>(run: (url: string) => Promise<Result>): Promise<Result> {
  const receiver = createServer((request, response) => {
    request.resume().once("end", () => response.writeHead(204).end());
  }).listen(0, "127.0.0.1");
  await once(receiver, "listening");
  try {
    return await run(`http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`);
  } finally {
    receiver.closeAllConnections();
    receiver.close();
  }
}

const KEY = { SERVER_KEY: randomBytes(32).toString("base64url") };

const FEATURES: { name: string; vars(webhookUrl: string): Vars }[] = [
  { name: "neither", vars: () => ({}) },
  { name: "server key", vars: () => KEY },
  {
    name: "server key, webhooks",
    vars: (url) => ({
      ...KEY,
      WEBHOOK_URL: url,
      WEBHOOK_SECRET: `whsec_${randomBytes(32).toString("base64")}`,
      WEBHOOK_ALLOW_PRIVATE: "true",
    }),
  },
];

/** The work of all objects together. */
async function sumOf(server: Server): Promise<Counts> {
  const all = await Promise.all(COUNTED.map((name) => countsOf(server, name)));
  const sum = (key: keyof Counts) => all.reduce((total, counts) => total + counts[key], 0);
  return {
    rowsWritten: sum("rowsWritten"),
    rowsRead: sum("rowsRead"),
    alarmsSet: sum("alarmsSet"),
    alarmsFired: sum("alarmsFired"),
    starts: sum("starts"),
    calls: sum("calls"),
  };
}

/** Single steps of a second member, each once all that follows from the one before has settled. */
async function countSteps(bench: Bench, name: string, vars: Vars): Promise<Sample[]> {
  return withServer(
    bench,
    "counted",
    async (server) => {
      const samples: Sample[] = [];
      const userRows = async () => {
        const { rowsWritten, alarmsSet } = await countsOf(server, USERS);
        return rowsWritten + alarmsSet;
      };
      const add = async (step: string, act: () => unknown) => {
        const rowsBefore = await userRows();
        const before = await sumOf(server);
        await act();
        await sleep(SETTLE_MS);
        const after = await sumOf(server);
        const grown = (key: keyof Counts) => after[key] - before[key];
        samples.push({
          subject: `${step}, ${name}`,
          system: "Rollcall",
          figures: {
            rows: grown("rowsWritten"),
            alarmsSet: grown("alarmsSet"),
            calls: grown("calls"),
            userRows: (await userRows()) - rowsBefore,
          },
        });
      };
      await openIn(server, ROOM, 0);
      await sleep(SETTLE_MS);
      let tab: LeanWebSocket;
      await add("first join", async () => (tab = await openIn(server, ROOM, 1)));
      let other: LeanWebSocket;
      await add("another tab", async () => (other = await openIn(server, ROOM, 1)));
      await add("status change", () => tab.send('{"type":"update","status":"busy"}'));
      await add("a tab leaves", () => other.send('{"type":"leave"}'));
      await add("leave", () => tab.send('{"type":"leave"}'));
      await add("coming back", () => openIn(server, ROOM, 1));
      return samples;
    },
    { vars },
  );
}

/** A storm, and its CPU by the number of those who join. */
async function storm(
  bench: Bench,
  name: string,
  vars: Vars,
  system: "Rollcall" | "floor" = "Rollcall",
): Promise<Sample[]> {
  const size = bench.quick ? 100 : 600;
  return withServer(
    bench,
    system === "floor" ? "bare users" : system,
    async ({ port, secret, pid }) => {
      const common = { system: "Rollcall" as const, port, secret, offersDeflate: true };
      await warmUp(common);
      return withCrew({ ...common, room: ROOM, size, silent: false }, async (crew) => {
        const cpu = cpuMs(pid);
        const start = nowMs();
        await crew.connect(BOUND_MS);
        const { atMs } = await crew.knows(size, BOUND_MS);
        const spent = cpuMs(pid) - cpu;
        const seconds = atMs === null ? null : (atMs - start) / 1000;
        const figures = { seconds, cpuPerJoin: spent / size };
        return [{ subject: `${size} join, ${name}`, system, figures }];
      });
    },
    { vars },
  );
}

type Run = (bench: Bench, name: string, vars: Vars) => Promise<Sample[]>;

const withEach = (bench: Bench, run: Run) =>
  FEATURES.map(
    ({ name, vars }) =>
      () =>
        withReceiver((url) => run(bench, name, vars(url))),
  );

/**
 * What the features for an app's backend cost: the user's object and the list of rooms, which a
 * server key brings, and webhooks. Rows are those of all objects once all is told and delivered; an
 * alarm may be that of a sweep which fell into the wait for that. Calls are those of the Worker and
 * of objects to objects, beside the one request that every join is. The floor of a storm has users' objects
 * that do nothing.
 */
export const backend: Measure = {
  name: "backend",
  text: "What a join and what follows costs with and without the features for an app's backend: rows written by all objects, calls between them, and a storm.",
  figures: {
    rows: "rows written",
    alarmsSet: "alarms set, a row each",
    calls: "calls",
    userRows: "of users' objects, alarms among them",
    seconds: "until all know all, s",
    cpuPerJoin: "server CPU a join, ms",
  },
  rounds: 1,
  cases: [
    {
      name: "steps",
      // Nothing of this is timed.
      run: async (bench: Bench) =>
        (await Promise.all(withEach(bench, countSteps).map((run) => run()))).flat(),
    },
    ...FEATURES.map(({ name }, index) => ({
      name: `storm, ${name}`,
      run: (bench: Bench) => withEach(bench, storm)[index]!(),
    })),
    {
      name: "storm, server key, floor",
      run: (bench: Bench) => storm(bench, "server key", KEY, "floor"),
    },
  ],
};
