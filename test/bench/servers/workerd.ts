import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import type { Bundle } from "../../e2e/bundle.ts";
import type { Server } from "./server.ts";

const WORKERD = join(import.meta.dirname, "../../../node_modules/workerd/bin/workerd");

export interface WorkerdOptions {
  /** For the state, removed by whoever made it. */
  folder: string;
  vars?: Record<string, string>;
  /** The classes of objects, by their bindings. */
  objects?: Record<string, string>;
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
  const { flags = [], objects = { ROOMS: "Room" }, onLog } = options;
  const secret = randomBytes(32).toString("base64url");
  const folder = mkdtempSync(join(options.folder, "workerd-"));
  mkdirSync(join(folder, "state"));
  cpSync(bundle.script, join(folder, "worker.js"));
  const vars = { ...bundle.vars, SESSION_SECRET: secret, ...options.vars };
  writeFileSync(join(folder, "config.capnp"), configText(bundle, vars, objects, flags, folder));
  const args = ["serve", "--control-fd=3", join(folder, "config.capnp")];
  const child = spawn(WORKERD, args, {
    stdio: ["ignore", onLog ? "pipe" : "ignore", "inherit", "pipe"],
  });
  const exited = once(child, "exit");
  const guardian = guard(child);
  if (onLog) createInterface(child.stdout!).on("line", onLog);
  return {
    port: await readPort(child),
    pid: child.pid!,
    secret,
    stop: async () => {
      child.kill("SIGKILL");
      await exited;
      guardian.kill("SIGKILL");
    },
  };
}

/**
 * Ends workerd when this process ends, however it does. A signal to the whole group must not end
 * the guardian first: workerd itself, told to terminate, waits for its connections.
 */
function guard({ pid }: ChildProcess): ChildProcess {
  const script = `trap "" HUP INT TERM; read _; kill -9 ${pid}`;
  return spawn("sh", ["-c", script], { stdio: ["pipe", "ignore", "ignore"] });
}

function readPort(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`workerd ended: ${code}.`)));
    createInterface(child.stdio[3] as NodeJS.ReadableStream).on("line", (line) => {
      const event = JSON.parse(line) as { event: string; port: number };
      if (event.event === "listen") resolve(event.port);
    });
  });
}

function configText(
  { script, options }: Bundle,
  vars: Record<string, unknown>,
  objects: Record<string, string>,
  flags: readonly string[],
  folder: string,
): string {
  const allFlags = [...((options.compatibilityFlags as string[] | undefined) ?? []), ...flags];
  const bindings = [
    ...Object.entries(objects).map(
      ([name, className]) =>
        `(name = ${quote(name)}, durableObjectNamespace = ${quote(className)})`,
    ),
    ...Object.entries(vars).map(
      ([name, value]) => `(name = ${quote(name)}, text = ${quote(String(value))})`,
    ),
  ];
  const namespaces = Object.values(objects).map(
    (className) =>
      `(className = ${quote(className)}, uniqueKey = ${quote(`rollcall-${className}`)}, enableSql = true)`,
  );
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    # Webhooks go to the load generator.
    (name = "internet", network = (allow = ["private"])),
    (name = "state", disk = (path = ${quote(join(folder, "state"))}, writable = true)),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);

const worker :Workerd.Worker = (
  modules = [(name = ${quote(basename(script))}, esModule = embed "worker.js")],
  compatibilityDate = ${quote(options.compatibilityDate as string)},
  compatibilityFlags = [${allFlags.map(quote).join(", ")}],
  bindings = [
    ${bindings.join(",\n    ")},
  ],
  durableObjectNamespaces = [
    ${namespaces.join(",\n    ")},
  ],
  durableObjectStorage = (localDisk = "state"),
);
`;
}

const quote = (text: string) => JSON.stringify(text);
