import { execFile } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { runFolder } from "./once-per-run.ts";
import fixture from "./server/session/fixtures/signed-cookie.json" with { type: "json" };

const run = promisify(execFile);
const folder = mkdtempSync(join(runFolder(), "doctor-"));
const command = join(folder, "doctor.mjs");

/** The command's output, and its exit code. */
async function doctor(...args: string[]): Promise<{ code: number; text: string }> {
  try {
    const { stdout } = await run(process.execPath, [command, ...args], { cwd: folder });
    return { code: 0, text: stdout };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, text: stdout + stderr };
  }
}

beforeAll(async () => {
  await run("npm", ["run", "build:doctor", "--", `--outfile=${command}`]);
  writeFileSync(join(folder, ".dev.vars"), `SESSION_SECRET="${fixture.secret}"\n`);
  const vars = { SESSION_FORMAT: "signed-cookie" };
  writeFileSync(join(folder, "wrangler.jsonc"), `{ "vars": ${JSON.stringify(vars)}, }`);
});

describe("rollcall doctor", () => {
  const cookieOf = (title: string) => fixture.vectors.find((one) => one.title === title)!.cookie;

  it("[A2] reads the configuration of its folder, and says whose a cookie is", async () => {
    const { code, text } = await doctor("doctor", "--cookie", cookieOf("Hono, a user"));
    expect(text).toContain("Accepted: the user is ada");
    expect(text).not.toContain(fixture.secret);
    expect(code).toBe(0);
  });

  it("[A2] says why a cookie is refused, and how it is used", async () => {
    const other = cookieOf("Hono, of another secret");
    const refused = await doctor("doctor", "--cookie", other);
    expect(refused).toEqual({ code: 1, text: expect.stringContaining("(signature)") });
    const replaced = await doctor("doctor", "--cookie", other, "--var", "SESSION_FORMAT=jwt");
    expect(replaced.text).toContain("SESSION_FORMAT=jwt is set, which is another format.");
    expect(await doctor()).toEqual({ code: 2, text: expect.stringContaining("Usage:") });
  });
});
