import { copyFileSync, cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadWrangler } from "./bundle.ts";
import { eventually, RawClient, readRoom, signToken } from "./client-kit.ts";
import { type AppFolder, installPackage } from "./install-package.ts";
import { type Server, startServer } from "./server.ts";

const PROJECT = join(import.meta.dirname, "../..");
const EXAMPLES = join(PROJECT, "test/examples");
const INSTALL_MS = 600_000;

const folder = mkdtempSync(join(tmpdir(), "rollcall-template-"));
let app: AppFolder;
let server: Server | undefined;

beforeAll(async () => {
  app = await installPackage(folder, ["@cloudflare/workers-types", "@types/node"]);
}, INSTALL_MS);
afterAll(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const example = (path: string) => {
  copyFileSync(join(EXAMPLES, path), join(folder, "example.ts"));
  return ["example.ts"];
};

describe("an app that installs the package", () => {
  it("[K26.1] makes its service of the template, which deploys, starts, and lets people in", async () => {
    cpSync(join(folder, "node_modules/rollcall/template"), folder, { recursive: true });
    server = await startServer({ config: join(folder, "wrangler.jsonc") });
    const token = await signToken(server.secret, "ada");
    const ada = await RawClient.join(server, "lobby", token);
    const { members } = await readRoom(server, "lobby", token);
    expect(members).toMatchObject([{ id: "ada", status: "online" }]);
    await ada.leave();
    await eventually(
      () => readRoom(server!, "lobby", token),
      ({ online }) => online === 0,
    );
  });

  it("[K26.1] uses its own copy of what the package needs, and both agree on the types", async () => {
    expect(existsSync(join(folder, "node_modules/rollcall/node_modules"))).toBe(false);
    const workers = { types: ["@cloudflare/workers-types"], lib: ["es2024"], skipLibCheck: true };
    expect(await app.checkTypes(workers, example("server/library.ts"))).toBe("");
    expect(await app.checkTypes(workers, ["worker.ts"])).toBe("");
  });

  it("[K26.2] receives webhooks in Node, with no types of the DOM's or the Workers'", async () => {
    const node = { types: ["node"], lib: ["es2024"], skipLibCheck: false };
    expect(await app.checkTypes(node, example("webhooks/receiver.ts"))).toBe("");
    app.write("types.ts", 'export type { WebhookMessage, Receive } from "rollcall/webhooks";\n');
    expect(await app.checkTypes({ ...node, types: [] }, ["types.ts"])).toBe("");
  });
});

it("the template is configured as the service itself is", () => {
  const { unstable_readConfig } = loadWrangler(folder);
  const read = (config: string) => {
    const whole = unstable_readConfig({ config: join(PROJECT, config) });
    const { compatibility_date, compatibility_flags, vars } = whole;
    const { durable_objects, migrations, ratelimits, observability } = whole;
    return {
      compatibility_date,
      compatibility_flags,
      vars,
      durable_objects,
      migrations,
      ratelimits,
      observability,
    };
  };
  expect(read("template/wrangler.jsonc")).toEqual(read("wrangler.toml"));
});
