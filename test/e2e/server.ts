import { randomBytes, randomInt, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BundleRequest, bundleOnce } from "./bundle.ts";
import { serve } from "./host.ts";

export interface ServerOptions extends Pick<BundleRequest, "env" | "main" | "config"> {
  /** Variables beside those of `wrangler.toml`; clients are stale after 300 s unless one says otherwise. */
  vars?: Record<string, string>;
  /** The `persist` of an earlier server, to go on with its rooms and its secret. */
  persist?: string;
  port?: number;
}

/**
 * By default a client has 4.5 s to answer a probe, which those of a busy machine miss: dozens of them wait
 * in one process for their turn.
 */
const PATIENT = { STALE_SECONDS: "300" };

/** The production bundle on its own workerd. */
export interface Server {
  /** `http://127.0.0.1:<port>`, with no slash at its end. */
  readonly url: string;
  readonly port: number;
  /** The secret of its credentials. */
  readonly secret: string;
  readonly persist: string;
  /** The Worker's log, a line each; it grows. */
  readonly logs: string[];
  /** The process that holds the Durable Objects. */
  readonly pid: number;
  /** Ends that process by SIGKILL; resolves when it is dead. */
  kill(): Promise<void>;
  /** Ends it in an orderly way; does nothing once it is dead. */
  stop(): Promise<void>;
}

/** The folder for everything this process writes; created on first use. */
const folder = join(tmpdir(), `rollcall-e2e-${randomUUID()}`);
const running = new Set<Server>();
const removeFolder = () => rmSync(folder, { recursive: true, force: true });

process.once("exit", removeFolder);

/** Ends all servers of this process, and removes their files. */
export async function stopServers(): Promise<void> {
  await Promise.all([...running].map((server) => server.stop()));
  removeFolder();
  process.off("exit", removeFolder);
}

function newFolder(prefix: string): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return mkdtempSync(join(folder, `${prefix}-`));
}

/**
 * Each process of a run has a thousand ports of its own: of two that found the same one free, one
 * would fail. Those of another run begin elsewhere.
 */
const PLACES = 22;
const place = (process.ppid + Number(process.env["VITEST_POOL_ID"] ?? 0)) % PLACES;

/**
 * A port to listen on that no outgoing connection is given: a client that tries to reach a dead
 * server must not take its port, nor connect to itself.
 */
export async function freePort(): Promise<number> {
  const first = 10_000 + place * 1_000;
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = randomInt(first, first + 1_000);
    const probe = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      probe.once("error", () => resolve(false));
      probe.listen(port, "127.0.0.1", () => resolve(true));
    });
    await new Promise((resolve) => probe.close(resolve));
    if (isFree) return port;
  }
  throw new Error("No free port was found.");
}

/** The secret lives beside the rooms, so that a credential outlives a restart. */
function secretOf(persist: string): string {
  const file = join(persist, "secret");
  if (!existsSync(file))
    writeFileSync(file, randomBytes(32).toString("base64url"), { mode: 0o600 });
  return readFileSync(file, "utf8");
}

/**
 * Serves the production bundle on real workerd, with its state on disk. It ends with the calling
 * process at the latest.
 *
 * @example
 * const server = await startServer({ vars: { GRACE_SECONDS: "1" } });
 * await server.kill();
 * const again = await startServer({ persist: server.persist, port: server.port });
 */
export async function startServer(options: ServerOptions = {}): Promise<Server> {
  const { env, main, config } = options;
  const bundle = await bundleOnce({
    ...(env && { env }),
    ...(main && { main }),
    ...(config && { config }),
  });
  const persist = options.persist ?? newFolder("state");
  const secret = options.vars?.["SESSION_SECRET"] ?? secretOf(persist);
  const port = options.port ?? (await freePort());
  const logs: string[] = [];
  const temporary = join(persist, "temporary");
  mkdirSync(temporary, { recursive: true });
  const vars = { SESSION_SECRET: secret, ...PATIENT, ...options.vars };
  const request = { bundle, vars, port, persist, temporary, folder };
  const served = await serve(request, logs);
  const { pid } = served;
  let isDead = false;
  const dead = served.dead.then(() => {
    isDead = true;
    running.delete(server);
  });
  const server: Server = {
    url: `http://127.0.0.1:${port}`,
    port,
    secret,
    persist,
    logs,
    pid,
    kill: () => {
      if (!isDead) process.kill(pid, "SIGKILL");
      return dead;
    },
    stop: () => {
      if (!isDead) served.stop();
      return dead;
    },
  };
  running.add(server);
  return server;
}
