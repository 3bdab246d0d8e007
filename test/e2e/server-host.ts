/**
 * The process around one workerd. It ends when workerd does, and workerd when it does: neither
 * outlives the test that started them.
 */
import type { ChildProcess } from "node:child_process";
import { subscribe } from "node:diagnostics_channel";
import { readFileSync, rmSync } from "node:fs";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import type { V4MiniflareOptions } from "miniflare";
import type { Bundle } from "./bundle.ts";

export interface HostRequest {
  bundle: Bundle;
  vars: Record<string, string>;
  port: number;
  /** Where the Durable Objects are kept. */
  persist: string;
  /** For the host's own files. */
  temporary: string;
  /** What to remove if the calling process dies. */
  folder: string;
}

export type HostReport = { ready: { pid: number } } | { failed: string } | { line: string };

let workerd: ChildProcess | undefined;
let stopping = false;

subscribe("child_process", (message) => {
  const { process: child } = message as { process: ChildProcess };
  workerd = child;
  // Before Miniflare hears of it, which would start another.
  child.prependOnceListener("exit", () => {
    if (!stopping) process.exit();
  });
});

function report(message: HostReport): void {
  if (process.connected) process.send?.(message);
}

async function serve({
  bundle,
  vars,
  port,
  persist,
  temporary,
  folder,
}: HostRequest): Promise<void> {
  const options: V4MiniflareOptions = {
    ...bundle.options,
    name: "rollcall",
    modules: [
      { type: "ESModule", path: "worker.js", contents: readFileSync(bundle.script, "utf8") },
    ],
    // Not those that came with the options: a `.dev.vars` file would be among them.
    bindings: { ...bundle.vars, ...vars },
    host: "127.0.0.1",
    port,
    cf: false,
    log: new Log(LogLevel.NONE),
    logRequests: false,
    resourcePersistencePath: persist,
    resourceTmpPath: temporary,
    handleStructuredLogs: ({ message }) => report({ line: message }),
  };
  const miniflare = new Miniflare(convertV4MiniflareOptions(options));
  const stop = async (end = () => {}) => {
    stopping = true;
    await miniflare.dispose();
    end();
    process.exit();
  };
  process.once("disconnect", () => stop(() => rmSync(folder, { recursive: true, force: true })));
  process.on("message", (message) => {
    if (message === "stop") void stop();
  });
  await miniflare.ready;
  report({ ready: { pid: workerd!.pid! } });
}

process.once("message", (request: HostRequest) => {
  serve(request).catch((error: unknown) => {
    report({ failed: String(error) });
    process.exit(1);
  });
});
