/**
 * The process around one workerd after another: to load Miniflare takes longer than to start a
 * server. It ends with the process that started it, and workerd with it.
 */
import type { ChildProcess } from "node:child_process";
import { subscribe } from "node:diagnostics_channel";
import { readFileSync, rmSync } from "node:fs";
import { createRequire, flushCompileCache } from "node:module";
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

/** What there is of a server: its workerd, its log, and its end, after which there may be another. */
export type HostReport =
  | { ready: { pid: number } }
  | { failed: string }
  | { line: string }
  | { ended: true };

// An `import` would compile its one large script three times: also to find out that it is CommonJS, and
// what it exports.
const { convertV4MiniflareOptions, Log, LogLevel, Miniflare } = createRequire(import.meta.url)(
  "miniflare",
) as typeof import("miniflare");
// For the next process that loads it.
flushCompileCache();

let workerd: ChildProcess | undefined;
let serving: { miniflare: InstanceType<typeof Miniflare>; folder: string } | undefined;

subscribe("child_process", (message) => {
  const { process: child } = message as { process: ChildProcess };
  workerd = child;
  // Before Miniflare hears of it, which would start another.
  child.prependOnceListener("exit", () => void end());
});

function report(message: HostReport): void {
  if (process.connected) process.send?.(message);
}

/** Ends the server, which may have been killed. */
async function end(): Promise<void> {
  const ending = serving;
  serving = undefined;
  if (!ending) return;
  await ending.miniflare.dispose();
  report({ ended: true });
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
  serving = { miniflare, folder };
  await miniflare.ready;
  report({ ready: { pid: workerd!.pid! } });
}

process.once("disconnect", async () => {
  const folder = serving?.folder;
  await end();
  if (folder) rmSync(folder, { recursive: true, force: true });
  process.exit();
});

process.on("message", (message: HostRequest | "stop") => {
  if (message === "stop") return void end();
  return void serve(message).catch((error: unknown) => {
    report({ failed: String(error) });
    process.exit(1);
  });
});
