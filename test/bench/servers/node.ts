import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Server } from "./server.ts";

/**
 * Starts one of `peers/`, which tells its port and ends with this process; `env` is what it finds in its
 * environment beside what this process has.
 */
export async function startNode(file: string, env: Record<string, string> = {}): Promise<Server> {
  const child = fork(join(import.meta.dirname, "../peers", file), {
    execArgv: ["--disable-warning=ExperimentalWarning"],
    env: { ...process.env, NODE_ENV: "production", ...env },
  });
  const exited = once(child, "exit");
  const [{ port }] = (await once(child, "message")) as [{ port: number }];
  return {
    port,
    pid: child.pid!,
    secret: "",
    stop: async () => {
      child.kill("SIGKILL");
      await exited;
    },
  };
}
