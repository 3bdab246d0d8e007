import type { SystemName } from "../dialects/index.ts";
import { Crew, type CrewOptions } from "../load/crew.ts";
import { redisVersion } from "../servers/redis.ts";
import type { Server } from "../servers/server.ts";
import type { ServerName, ServerOptions, Systems } from "../systems.ts";

/** `yes`: offered and accepted; `refused`: offered and refused; `no`: not offered. */
export type Compression = "yes" | "refused" | "no";

/** The results of one run of one case. A figure is `null` if it was not reached in time. */
export interface Sample {
  /** What was done: `600 join`. */
  subject: string;
  system: string;
  compression?: Compression;
  figures: Record<string, number | null>;
  note?: string;
}

/** What a case works with. */
export interface Bench {
  systems: Systems;
  /** Small numbers, to check that everything runs. */
  quick: boolean;
  /** What this case gave in earlier rounds. */
  before: readonly Sample[];
  /** What this measure has given so far. */
  found: readonly Sample[];
}

/** Runs of a measure that are repeated as a whole, on servers of their own. */
export interface Case {
  name: string;
  run(bench: Bench): Promise<Sample[]>;
}

export interface Measure {
  name: string;
  /** A description of the measurement, for the results. */
  text: string;
  /** In which order figures are shown, and how each is called. */
  figures: Readonly<Record<string, string>>;
  rounds: number;
  cases: readonly Case[];
}

/** Compression is negotiated by the systems on workerd alone: the others' default is not to. */
export const OFFERS: readonly { system: SystemName; offersDeflate: boolean }[] = [
  { system: "floor", offersDeflate: true },
  { system: "Rollcall", offersDeflate: true },
  { system: "PartyServer", offersDeflate: true },
  { system: "y-partyserver", offersDeflate: true },
  { system: "floor", offersDeflate: false },
  { system: "Rollcall", offersDeflate: false },
  { system: "PartyServer", offersDeflate: false },
  { system: "ws", offersDeflate: true },
  { system: "SocketCluster", offersDeflate: true },
  { system: "Socket.IO", offersDeflate: true },
  ...(redisVersion() === null
    ? []
    : [{ system: "Socket.IO, Redis" as const, offersDeflate: true }]),
];

export async function compressionOf(crew: Crew, offersDeflate: boolean): Promise<Compression> {
  if (!offersDeflate) return "no";
  return (await crew.isCompressed()) ? "yes" : "refused";
}

/** Not to offer compression makes no difference to who refuses it. */
export function isKnown({ found }: Bench, system: SystemName, offersDeflate: boolean): boolean {
  if (offersDeflate) return false;
  return found.some((sample) => sample.system === system && sample.compression === "refused");
}

/** Runs with a server of its own. */
export async function withServer<Result>(
  { systems }: Bench,
  name: ServerName,
  run: (server: Server) => Promise<Result>,
  options: ServerOptions = {},
): Promise<Result> {
  const server = await systems.start(name, options);
  try {
    return await run(server);
  } finally {
    await server.stop();
  }
}

/** Runs with a crowd that goes when it is done. */
export async function withCrew<Result>(
  options: CrewOptions,
  run: (crew: Crew) => Promise<Result>,
): Promise<Result> {
  const crew = await Crew.gather(options);
  try {
    return await run(crew);
  } finally {
    await crew.dismiss();
  }
}

export const isPeer = (system: SystemName) => system !== "Rollcall" && system !== "floor";

export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))]!;
}

export const median = (values: readonly number[]) => quantile(values, 0.5);
