import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { mkdtempSync } from "node:fs";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { guard } from "./guard.ts";

const BINARY = "redis-server";

/** The version of Redis that is installed; `null` for none. */
export function redisVersion(): string | null {
  const { stdout } = spawnSync(BINARY, ["--version"], { encoding: "utf8" });
  return /\bv=(\S+)/.exec(stdout ?? "")?.[1] ?? null;
}

export interface Redis {
  port: number;
  stop(): Promise<void>;
}

/** Starts a Redis that keeps nothing on disk, where nobody else can reach it. */
export async function startRedis(folder: string): Promise<Redis> {
  const port = await freePort();
  const options = { port, bind: "127.0.0.1", dir: mkdtempSync(join(folder, "redis-")) };
  const args = Object.entries({ ...options, save: "", appendonly: "no" }).flatMap(
    ([name, value]) => [`--${name}`, String(value)],
  );
  const child = spawn(BINARY, args, { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  const guardian = guard(child);
  await new Promise<void>((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`Redis ended: ${code}.`)));
    createInterface(child.stdout).on("line", (line) => {
      if (line.includes("Ready to accept connections")) resolve();
    });
  });
  return {
    port,
    stop: async () => {
      child.kill("SIGKILL");
      await exited;
      guardian.kill("SIGKILL");
    },
  };
}

/** Redis takes no port 0. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
