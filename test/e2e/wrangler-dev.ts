import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { eventually } from "./client-kit.ts";

const WRANGLER = join(import.meta.dirname, "../../node_modules/wrangler/bin/wrangler.js");
/** It bundles, and starts two workerds. */
const START_MS = 60_000;

/** A program that a developer runs in a terminal, with its child processes. */
export class Program {
  readonly #process: ChildProcess;
  output = "";

  /** Runs a script of Node's in a folder. */
  constructor(folder: string, script: string, args: string[] = [], env: NodeJS.ProcessEnv = {}) {
    this.#process = spawn(process.execPath, [script, ...args], {
      cwd: folder,
      env: { ...process.env, ...env },
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.#process.stdout!, this.#process.stderr!]) {
      stream.on("data", (data: Buffer) => (this.output += String(data)));
    }
  }

  /** Waits until a URL is answered, with anything. */
  async answers(url: string): Promise<void> {
    const ask = () => fetch(url, { signal: AbortSignal.timeout(5_000) });
    await eventually(ask, () => true, { withinMs: START_MS, everyMs: 200 }).catch((error) => {
      throw new Error(`${String(error)}\n${this.output}`, { cause: error });
    });
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, "exit");
    process.kill(-this.#process.pid!, "SIGTERM");
    await ended;
  }
}

/** Starts `wrangler dev` in a folder that has a `wrangler.jsonc`. */
export async function runWranglerDev(folder: string, port: number): Promise<Program> {
  const args = ["dev", "--port", String(port), "--inspector-port", "0"];
  const program = new Program(folder, WRANGLER, args, { WRANGLER_SEND_METRICS: "false" });
  await program.answers(`http://localhost:${port}/healthz`);
  return program;
}
