import { nowMs } from "../load/clock.ts";
import type { Crew } from "../load/crew.ts";
import type { Received } from "../load/crowd.ts";
import type { Server } from "../servers/server.ts";
import { cpuMs } from "../servers/usage.ts";
import type { Bench, Sample } from "./measure.ts";

export const ROOM = "window";
export const BOUND_MS = 60_000;
export const SETTLE_MS = 1_500;
export const PER_SECOND = 200;
/** How long a room of this size gathers changes, and how often the floor is told to deliver. */
export const GATHER_MS = 500;

export interface Size {
  members: number;
  connections: number;
  watches: number;
  /** Changes before those that are measured, so that the code which tells them is compiled. */
  warm: number;
  changes: number;
}

const FULL: Size = { members: 3_000, connections: 1_000, watches: 50, warm: 400, changes: 2_000 };
const QUICK: Size = { members: 300, connections: 100, watches: 50, warm: 100, changes: 200 };

export const sizeOf = ({ quick }: Bench) => (quick ? QUICK : FULL);

export const subjectOf = (bench: Bench, what: string) => {
  const { members, connections } = sizeOf(bench);
  return `${what}, ${connections} in a room of ${members}`;
};

/** What the server's CPU and the received grew by, from the call of this to the call of what it answers. */
export async function start(server: Server, watchers: Crew | null) {
  const receivedNow = async () => (await watchers?.received()) ?? null;
  const before = { cpu: cpuMs(server.pid), at: nowMs(), received: await receivedNow() };
  return async (connections: number): Promise<Sample["figures"]> => {
    const cpu = cpuMs(server.pid) - before.cpu;
    const elapsed = nowMs() - before.at;
    const figures = { cpuSeconds: cpu / 1000, cpuShare: (cpu / elapsed) * 100 };
    const received = await receivedNow();
    if (received === null || before.received === null) return figures;
    const grown = (key: keyof Received) => received[key] - before.received![key];
    return {
      ...figures,
      kilobytes: grown("wireBytes") / connections / 1000,
      frames: grown("messages") / connections,
      frameBytes: grown("payloadBytes") / grown("messages"),
    };
  };
}
