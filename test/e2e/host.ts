import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { keepLog } from "../credential-guard.ts";
import type { HostReport, HostRequest } from "./server-host.ts";

/** How many are kept that serve nothing: each takes memory. */
const MAX_IDLE = 2;
const SCRIPT = join(import.meta.dirname, "server-host.ts");

/** The test files of a process follow one another, each with fresh modules. */
const kept = globalThis as { idleHosts?: ChildProcess[] };
const idle = (kept.idleHosts ??= []);

/** A workerd that serves. */
export interface Served {
  pid: number;
  /** Resolves when it is dead. */
  dead: Promise<void>;
  /** Ends it in an orderly way. */
  stop(): void;
}

/** Serves in a process that served before, or in another. */
export async function serve(request: HostRequest, logs: string[]): Promise<Served> {
  const host = idle.pop() ?? start();
  host.ref();
  host.channel?.ref();
  const exited = once(host, "exit");
  const reports = new Reports(host, logs);
  host.send(request);
  const pid = await Promise.race([
    reports.ready,
    exited.then(([code, signal]) => {
      throw new Error(`The server ended: ${code ?? signal}.`);
    }),
  ]);
  const dead = Promise.race([reports.ended.then(() => keep(host)), exited.then(() => {})]);
  return { pid, dead, stop: () => void (host.connected && host.send("stop")) };
}

function start(): ChildProcess {
  return fork(SCRIPT, {
    execArgv: ["--disable-warning=ExperimentalWarning"],
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
}

function keep(host: ChildProcess): void {
  host.removeAllListeners();
  // It ends with this process, which need not wait for it.
  host.unref();
  host.channel?.unref();
  if (idle.length < MAX_IDLE) idle.push(host);
  else host.disconnect();
}

/** What a host reports of one server. */
class Reports {
  readonly ready: Promise<number>;
  readonly ended: Promise<void>;

  constructor(host: ChildProcess, logs: string[]) {
    const ready = Promise.withResolvers<number>();
    const ended = Promise.withResolvers<void>();
    this.ready = ready.promise;
    this.ended = ended.promise;
    host.on("message", (report: HostReport) => {
      if ("line" in report) {
        logs.push(report.line);
        keepLog(report.line);
      } else if ("ready" in report) ready.resolve(report.ready.pid);
      else if ("failed" in report) ready.reject(new Error(report.failed));
      else ended.resolve();
    });
  }
}
