import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import {
  type SourcelessWorkerOptions,
  unstable_getMiniflareWorkerOptions as readOptions,
  unstable_readConfig as readConfig,
} from "wrangler";

const PROJECT = join(import.meta.dirname, "../..");
const WRANGLER_TOML = join(PROJECT, "wrangler.toml");

/** A Worker as `wrangler deploy` would upload it, and what it is to be run with. */
export interface Bundle {
  script: string;
  options: SourcelessWorkerOptions;
}

export interface BundleRequest {
  /** An environment of `wrangler.toml`; production where absent. */
  env?: "demo";
  /** Another entry than the configured one. */
  main?: string;
  /** An empty folder. */
  outdir: string;
}

process.env["WRANGLER_LOG"] ??= "error";

const run = async (script: string, args: string[]) =>
  promisify(execFile)(process.execPath, [join(PROJECT, "node_modules", script), ...args], {
    cwd: PROJECT,
    env: { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_HIDE_BANNER: "true" },
  });

/** Bundles the Worker with wrangler itself, and for the demo its page, both into `outdir`. */
export async function bundleWorker({ env, main, outdir }: BundleRequest): Promise<Bundle> {
  const page = join(outdir, "page");
  if (env === "demo") {
    await run("vite/bin/vite.js", [
      ...["build", "--config", "web-demo/vite.config.ts", "--logLevel", "warn"],
      ...["--outDir", page, "--emptyOutDir"],
    ]);
  }
  const worker = join(outdir, "worker");
  await run("wrangler/bin/wrangler.js", [
    ...["deploy", ...(main === undefined ? [] : [main])],
    ...["--dry-run", "--outdir", worker, "--config", WRANGLER_TOML],
    ...(env === undefined ? ["--env="] : ["--env", env, "--assets", page]),
  ]);
  const { workerOptions } = readOptions(WRANGLER_TOML, env, {
    ...(env === "demo" && { overrides: { assets: { directory: page } } }),
  });
  // Variables come from the file that is deployed alone, not from a `.dev.vars` beside it.
  const { vars } = readConfig({ config: WRANGLER_TOML, env });
  return {
    script: join(worker, "worker.js"),
    options: { ...workerOptions, bindings: vars },
  };
}
