import { join } from "node:path";
import { type Bundle, bundleWorker } from "../e2e/bundle.ts";
import type { SystemName } from "./dialects/index.ts";
import { startNode } from "./servers/node.ts";
import { startRedis } from "./servers/redis.ts";
import type { Server } from "./servers/server.ts";
import { startWorkerd, type WorkerdOptions } from "./servers/workerd.ts";

/** Workers of the bench, beside the production one. */
const WORKERS = {
  floor: "floor.ts",
  PartyServer: "party.ts",
  "y-partyserver": "y-party.ts",
  counted: "counted.ts",
  "bare users": "bare-users.ts",
  simulated: "simulated.ts",
  large: "large.ts",
};
const WITH_REDIS = "Socket.IO, Redis";
const NODE_PEERS = {
  "Socket.IO": "socket-io.ts",
  [WITH_REDIS]: "socket-io-redis.ts",
  SocketCluster: "socketcluster.ts",
  ws: "ws-diffs.ts",
};

/** Of the production Worker. */
const OBJECTS = { ROOMS: "Room", USERS: "User", DIRECTORY: "Directory", HUBS: "Hub" };

/** Those that have all of these. */
const SERVING: ReadonlySet<string> = new Set(["Rollcall", "counted", "bare users"]);

export type ServerName = SystemName | keyof typeof WORKERS;
export type ServerOptions = Pick<WorkerdOptions, "vars" | "onLog" | "workers">;

/** Starts the systems; each Worker is bundled once, as for a deploy. */
export class Systems {
  readonly #folder: string;
  readonly #flags: readonly string[];
  readonly #bundles = new Map<string, Promise<Bundle>>();

  /** `folder` takes bundles and state; `flags` are compatibility flags for every Worker. */
  constructor(folder: string, flags: readonly string[]) {
    this.#folder = folder;
    this.#flags = flags;
  }

  async start(name: ServerName, options: ServerOptions = {}): Promise<Server> {
    if (name === WITH_REDIS) return this.#startWithRedis(NODE_PEERS[name]);
    if (name in NODE_PEERS) return startNode(NODE_PEERS[name as keyof typeof NODE_PEERS]);
    const bundle = await this.#bundle(name);
    // Its users have what the platform does by default; the floor has what the room has.
    if (name === "PartyServer" || name === "y-partyserver") {
      bundle.options = { ...bundle.options, compatibilityFlags: [] };
    }
    const objects = SERVING.has(name) ? OBJECTS : undefined;
    return startWorkerd(bundle, {
      ...options,
      ...(objects && { objects }),
      folder: this.#folder,
      flags: this.#flags,
    });
  }

  /** Its CPU is that of Node alone: Redis may run elsewhere. */
  async #startWithRedis(file: string): Promise<Server> {
    const redis = await startRedis(this.#folder);
    const server = await startNode(file, { REDIS_PORT: String(redis.port) });
    const stop = async () => {
      await server.stop();
      await redis.stop();
    };
    return { ...server, stop };
  }

  #bundle(name: string): Promise<Bundle> {
    let bundle = this.#bundles.get(name);
    if (!bundle) {
      const file = name in WORKERS ? WORKERS[name as keyof typeof WORKERS] : undefined;
      bundle = bundleWorker({
        outdir: join(this.#folder, `bundle-${name}`),
        ...(file !== undefined && { main: join(import.meta.dirname, "worker", file) }),
      });
      this.#bundles.set(name, bundle);
    }
    return bundle;
  }
}
