import { readFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { join } from "node:path";
import { redisVersion } from "../servers/redis.ts";

const BENCH = join(import.meta.dirname, "..");
const PROJECT = join(BENCH, "../..");

function versionOf(name: string, root: string): string {
  const file = join(root, "node_modules", name, "package.json");
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}

/** Where and on what the figures were taken, as lines of a list. */
export function describeMachine(): string[] {
  const [cpu] = cpus();
  const gib = (totalmem() / 2 ** 30).toFixed(0);
  const ours = ["workerd", "hono", "jose"].map((name) => `${name} ${versionOf(name, PROJECT)}`);
  const theirs = [
    "partyserver",
    "y-partyserver",
    "socket.io",
    "@socket.io/redis-adapter",
    "socketcluster-server",
    "ws",
  ].map((name) => `${name} ${versionOf(name, BENCH)}`);
  const redis = redisVersion();
  return [
    `machine: ${cpu!.model.trim()}, ${cpus().length} cores, ${gib} GiB, Linux ${release()}`,
    `versions: ${[`Node ${process.versions.node}`, ...ours, ...theirs, redis === null ? "no Redis" : `Redis ${redis}`].join(", ")}`,
  ];
}
