import { randomBytes } from "node:crypto";
import { existsSync, statfsSync } from "node:fs";
import { cloudflareTest } from "@cloudflare/vitest-pool-workers";
import { defineConfig, type Plugin } from "vitest/config";
import { CredentialGuard, keepLog } from "./test/credential-guard.ts";
import { LongFirst } from "./test/long-first.ts";
import { RulesGuard } from "./test/rules-guard.ts";
import { offerNoCompression } from "./test/uncompressed.ts";

offerNoCompression();

/**
 * Where the tests' rooms keep their state: in memory if there is space, since each commit waits for
 * the disk.
 */
const MEMORY = "/dev/shm";
const GIGABYTE = 2 ** 30;
if (existsSync(MEMORY)) {
  const { bavail, bsize } = statfsSync(MEMORY);
  if (bavail * bsize > 2 * GIGABYTE) process.env["TMPDIR"] = MEMORY;
}

/**
 * The cases of property tests are the same in every run, so that a change does not fail for a fault
 * that it did not make. To search for more: `SEED=$RANDOM EFFORT=10 npm test`.
 */
const SEED = Number(process.env["SEED"] ?? 1);
const EFFORT = Number(process.env["EFFORT"] ?? 1);
const PROPERTIES = { provide: { seed: SEED, effort: EFFORT } };

/**
 * On a busy machine a test may take thirty times as long as alone: longer than all waits in a test, which
 * then fails with its own message.
 */
const BOUNDS = { testTimeout: 600_000 * EFFORT, hookTimeout: 600_000 };
/**
 * Files of the node project compute for a third of their time, and those of the Workers for half: so many
 * keep two cores busy. Each process more costs 2 s of CPU: it starts and gets all modules, or loads a
 * browser.
 */
const FILES_AT_A_TIME = 7;
/** Starting a workerd takes longer than most files. */
const SHARED = {
  isolate: false,
  setupFiles: ["test/worker-kit/fresh-worker.ts", "test/property-cases.ts"],
  ...PROPERTIES,
  maxWorkers: FILES_AT_A_TIME,
};

/**
 * Leaves the packages to workerd, which then loads each once in a process: the pool has Vitest transform
 * them all, and evaluate them again for each file.
 */
const PACKAGES: Plugin = {
  name: "packages",
  enforce: "post",
  config({ test }) {
    Object.assign(test!.server!.deps!, { inline: [], external: [/\/node_modules\//] });
  },
};

const secret = () => randomBytes(32).toString("base64url");
const webhookSecret = () => `whsec_${randomBytes(32).toString("base64")}`;

/** In workerd, against the real Worker: its `main` and bindings are production's. */
const worker = (
  vars: Record<string, string>,
  datasets: Record<string, { dataset: string }> = {},
): Plugin[] => [
  cloudflareTest({
    wrangler: { configPath: "./wrangler.toml" },
    miniflare: {
      kvNamespaces: ["SESSIONS"],
      analyticsEngineDatasets: datasets,
      bindings: {
        SESSION_SECRET: secret(),
        TICKET_SECRET: secret(),
        ALLOWED_ORIGINS: "https://app.example.com",
        // Small enough to fill one.
        MAX_CONNECTIONS_PER_ROOM: "40",
        PUBLIC_COUNTS: "public, public-*",
        WINDOW_ROOMS: "windowed-*",
        SIGNALS: "true",
        LARGE_ROOMS: "large-*=4, public-large-*=4",
        ...vars,
      },
    },
  }),
  PACKAGES,
];

/** The examples import the package; here that is its source. */
const sources = (...entries: string[]) =>
  entries.map((entry) => ({
    find: entry === "client" ? /^rollcall$/ : `rollcall/${entry}`,
    replacement: `${import.meta.dirname}/src/${entry}/index.ts`,
  }));

export default defineConfig({
  test: {
    sequence: { sequencer: LongFirst },
    reporters: ["default", new CredentialGuard(), new RulesGuard()],
    // The Workers' own lines are searched but not shown: there are thousands.
    onConsoleLog(text) {
      keepLog(text);
      return !text.startsWith('{"event"');
    },
    projects: [
      {
        plugins: worker({}),
        resolve: { alias: sources("server") },
        test: {
          name: "worker",
          ...BOUNDS,
          ...SHARED,
          include: ["test/{server,protocol,client}/**/*.test.ts"],
          exclude: ["test/server/{in-band,backend,webhooks}/**"],
        },
      },
      {
        plugins: worker({ IN_BAND_AUTH: "true", RENEW: "server" }),
        test: {
          name: "worker-in-band",
          ...BOUNDS,
          ...SHARED,
          include: ["test/server/in-band/**/*.test.ts"],
        },
      },
      {
        // Two keys, as during a rotation; and every way to sign in.
        plugins: worker({
          IN_BAND_AUTH: "true",
          RENEW: "server",
          SERVER_KEY: `${secret()}, ${secret()}`,
          SIGNALS: "false",
        }),
        test: {
          name: "worker-backend",
          ...BOUNDS,
          ...SHARED,
          include: ["test/server/backend/**/*.test.ts"],
        },
      },
      {
        plugins: worker(
          {
            SERVER_KEY: secret(),
            WEBHOOK_URL: "https://hooks.example.com/rollcall",
            // Less than webhooks are retried for.
            RETENTION_SECONDS: "3600",
            // Two, as during a rotation.
            WEBHOOK_SECRET: `${webhookSecret()}, ${webhookSecret()}`,
          },
          // The platform's own binding, which stores nothing locally.
          { METRICS: { dataset: "rollcall" } },
        ),
        test: {
          name: "worker-webhooks",
          ...BOUNDS,
          ...SHARED,
          include: ["test/server/webhooks/**/*.test.ts"],
        },
      },
      {
        resolve: { alias: sources("client", "window", "signals", "react", "webhooks") },
        test: {
          name: "node",
          globalSetup: "test/once-per-run.ts",
          setupFiles: ["test/e2e/stop-servers.ts", "test/property-cases.ts"],
          ...PROPERTIES,
          isolate: false,
          maxWorkers: FILES_AT_A_TIME,
          include: ["test/{e2e,browser}/**/*.test.ts", "test/*.test.ts"],
          ...BOUNDS,
        },
      },
    ],
  },
});
