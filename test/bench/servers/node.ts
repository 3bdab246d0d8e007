import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Server } from "./server.ts";

/** Starts one of `peers/`, which tells its port and ends with this process. */
export async function startNode(file: string): Promise<Server> {
  const child = fork(join(import.meta.dirname, "../peers", file), {
    execArgv: ["--disable-warning=ExperimentalWarning"],
    env: { ...process.env, NODE_ENV: "production" },
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
