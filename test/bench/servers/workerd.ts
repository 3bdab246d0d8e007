import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Bundle } from "../../e2e/bundle.ts";
import { guard } from "./guard.ts";
import type { Server } from "./server.ts";
import { configText, type WorkerSpec } from "./workerd-config.ts";

const WORKERD = join(import.meta.dirname, "../../../node_modules/workerd/bin/workerd");

export interface WorkerdOptions {
  /** For the state, removed by whoever made it. */
  folder: string;
  vars?: Record<string, string>;
  /** The classes of objects, by their bindings. */
  objects?: Record<string, string>;
  /** Instead of them: several Workers of the same code, the first of which takes the requests. */
  workers?: readonly WorkerSpec[];
  /** Compatibility flags beside the Worker's own. */
  flags?: readonly string[];
  /** Takes the Worker's log; nobody reads it if absent, as nobody waits for it in production. */
  onLog?: (line: string) => void;
}

/**
 * Serves a bundled Worker by workerd itself, with its objects' state on disk. Nothing stands
 * between the clients and the Worker: Miniflare would add a Worker of its own before it.
 */
export async function startWorkerd(bundle: Bundle, options: WorkerdOptions): Promise<Server> {
  const { objects = { ROOMS: "Room" }, onLog } = options;
  const secret = randomBytes(32).toString("base64url");
  const folder = mkdtempSync(join(options.folder, "workerd-"));
  mkdirSync(join(folder, "state"));
  cpSync(bundle.script, join(folder, "worker.js"));
  const vars = { ...bundle.vars, SESSION_SECRET: secret, ...options.vars };
  const flags = (bundle.options.compatibilityFlags as string[] | undefined) ?? [];
  const workers = options.workers ?? [{ name: "main", classes: Object.values(objects), objects }];
  const config = configText({
    folder,
    script: "worker.js",
    date: bundle.options.compatibilityDate as string,
    flags: [...flags, ...(options.flags ?? [])],
    vars,
    workers,
  });
  writeFileSync(join(folder, "config.capnp"), config);
  const inspector = options.workers ? ["--inspector-addr=127.0.0.1:0"] : [];
  const args = ["serve", "--control-fd=3", ...inspector, join(folder, "config.capnp")];
  const child = spawn(WORKERD, args, {
    stdio: ["ignore", onLog ? "pipe" : "ignore", "inherit", "pipe"],
  });
  const exited = once(child, "exit");
  const guardian = guard(child);
  if (onLog) createInterface(child.stdout!).on("line", onLog);
  const ports = await readPorts(
    child,
    options.workers ? ["listen", "listen-inspector"] : ["listen"],
  );
  return {
    port: ports["listen"]!,
    ...(options.workers && { inspectorPort: ports["listen-inspector"]! }),
    pid: child.pid!,
    secret,
    stop: async () => {
      child.kill("SIGKILL");
      await exited;
      guardian.kill("SIGKILL");
    },
  };
}

/** Waits until it has told the ports of all these events. */
function readPorts(child: ChildProcess, events: string[]): Promise<Record<string, number>> {
  const ports: Record<string, number> = {};
  return new Promise((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`workerd ended: ${code}.`)));
    createInterface(child.stdio[3] as NodeJS.ReadableStream).on("line", (line) => {
      const { event, port } = JSON.parse(line) as { event: string; port: number };
      ports[event] = port;
      if (events.every((name) => name in ports)) resolve(ports);
    });
  });
}
