import { execFile } from "node:child_process";
import {
  cpSync,
  globSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";

const PROJECT = join(import.meta.dirname, "../..");
const EXAMPLES = join(PROJECT, "test/examples/deploy");
const WRANGLER = join(PROJECT, "node_modules/wrangler/bin/wrangler.js");

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), "rollcall-deploy-"));
const configuration = join(folder, "wrangler.jsonc");
let template: string;

beforeAll(() => {
  cpSync(join(PROJECT, "template"), folder, { recursive: true });
  symlinkSync(join(PROJECT, "node_modules"), join(folder, "node_modules"));
  const worker = readFileSync(join(folder, "worker.ts"), "utf8");
  const source = join(PROJECT, "src/server/index.ts");
  writeFileSync(join(folder, "worker.ts"), worker.replaceAll("rollcall/server", source));
  template = readFileSync(configuration, "utf8").trimEnd();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it.each(globSync("*.jsonc", { cwd: EXAMPLES }))(
  "the template deploys with %s in it",
  async (file) => {
    const part = readFileSync(join(EXAMPLES, file), "utf8").trim().slice(1, -1).trimEnd();
    // As the guide says: added to what is there. A later key takes the place of an earlier one.
    writeFileSync(configuration, `${template.slice(0, -1)},${part}\n}`);
    const args = [WRANGLER, "deploy", "--dry-run", "--outdir", join(folder, "out")];
    const env = { ...process.env, WRANGLER_SEND_METRICS: "false" };
    const { stdout, stderr } = await run(process.execPath, args, { cwd: folder, env });
    expect(stderr).not.toMatch(/warn/i);
    expect(stdout).toContain("env.ROOMS");
  },
);
