import { type ChildProcess, spawn } from "node:child_process";

/**
 * Ends a server when this process ends, however it does. A signal to the whole group must not end the
 * guardian first: workerd itself, told to terminate, waits for its connections.
 */
export function guard({ pid }: ChildProcess): ChildProcess {
  const script = `trap "" HUP INT TERM; read _; kill -9 ${pid}`;
  return spawn("sh", ["-c", script], { stdio: ["pipe", "ignore", "ignore"] });
}
