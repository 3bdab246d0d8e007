import { execFile } from "node:child_process";
import { createRequire, flushCompileCache } from "node:module";
import { join, parse } from "node:path";
import { promisify } from "node:util";
import { oncePerRun } from "../once-per-run.ts";
import type { SourcelessWorkerOptions, Unstable_Config } from "wrangler";

const PROJECT = join(import.meta.dirname, "../..");
const WRANGLER_TOML = join(PROJECT, "wrangler.toml");

/** A Worker as `wrangler deploy` would upload it, and its settings. */
export interface Bundle {
  script: string;
  options: SourcelessWorkerOptions;
  /** The variables of `wrangler.toml`. */
  vars: Unstable_Config["vars"];
}

export interface BundleRequest {
  /** An environment of `wrangler.toml`; production if absent. */
  env?: "demo";
  /** Another entry than the configured one. */
  main?: string;
  /** Another configuration than the project's, a path. */
  config?: string;
  /** An empty folder. */
  outdir: string;
}

function run(script: string, args: string[], folder: string) {
  const env = { ...process.env, ...quiet(folder), WRANGLER_SEND_METRICS: "false" };
  const options = { cwd: PROJECT, env };
  return promisify(execFile)(
    process.execPath,
    [join(PROJECT, "node_modules", script), ...args],
    options,
  );
}

const quiet = (folder: string) => ({ WRANGLER_LOG: "error", WRANGLER_LOG_PATH: folder });

const require = createRequire(import.meta.url);

/**
 * It reads its settings when it is loaded; its output is hidden. An `import` would compile its one large
 * script three times: also to find out that it is CommonJS, and what it exports.
 */
export function loadWrangler(folder: string): typeof import("wrangler") {
  const before = { ...process.env };
  Object.assign(process.env, quiet(folder));
  try {
    return require("wrangler") as typeof import("wrangler");
  } finally {
    // For the next process that loads it.
    flushCompileCache();
    for (const name of Object.keys(quiet(folder))) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  }
}

/** Bundles a Worker once for all tests of a run. */
export function bundleOnce(request: Omit<BundleRequest, "outdir"> = {}): Promise<Bundle> {
  const key = JSON.stringify(["bundle", request.env, request.main, request.config]);
  return oncePerRun(key, (outdir) => bundleWorker({ ...request, outdir }));
}

/** Bundles the Worker with wrangler itself, and for the demo its page, both into `outdir`. */
export async function bundleWorker({
  env,
  main,
  config = WRANGLER_TOML,
  outdir,
}: BundleRequest): Promise<Bundle> {
  const wrangler = loadWrangler(outdir);
  const page = join(outdir, "page");
  if (env === "demo") {
    const build = ["build", "--config", "web-demo/vite.config.ts", "--logLevel", "warn"];
    await run("vite/bin/vite.js", build.concat("--outDir", page, "--emptyOutDir"), outdir);
  }
  const worker = join(outdir, "worker");
  const entry = main === undefined ? [] : [main];
  const target = env === undefined ? ["--env="] : ["--env", env, "--assets", page];
  const deploy = ["deploy", ...entry, "--dry-run", "--config", config, ...target];
  await run("wrangler/bin/wrangler.js", deploy.concat("--outdir", worker), outdir);
  const read = wrangler.unstable_getMiniflareWorkerOptions(config, env, {
    ...(env === "demo" && { overrides: { assets: { directory: page } } }),
  });
  const { vars } = wrangler.unstable_readConfig({ config, env });
  const script = join(worker, `${parse(main ?? read.main!).name}.js`);
  return { script, options: read.workerOptions, vars };
}
