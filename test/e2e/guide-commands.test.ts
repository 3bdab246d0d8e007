import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RawClient } from "./client-kit.ts";
import { type Server, startServer } from "./server.ts";

const PROJECT = join(import.meta.dirname, "../..");
const KEY = randomBytes(32).toString("base64url");
const run = promisify(execFile);

const blocksOf = (guide: string, language: string) => {
  const text = readFileSync(join(PROJECT, guide), "utf8");
  const blocks = text.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, "gm"));
  return [...blocks].map(([, code]) => code!);
};

const GUIDES = ["README.md", "CHANGELOG.md", ...globSync("src/**/*.md", { cwd: PROJECT })];

describe("the commands for curl", () => {
  let server: Server;
  const folder = mkdtempSync(join(tmpdir(), "rollcall-curl-"));

  beforeAll(async () => {
    server = await startServer({ env: "demo", vars: { SERVER_KEY: KEY } });
  });
  afterAll(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Runs commands in one terminal, like a person; returns the answer to each request. */
  async function type(commands: string): Promise<unknown[]> {
    // Distinguishes an error from an empty answer.
    const curl = `curl() { command curl --fail-with-body -w '\\n' "$@" || exit 1; }`;
    const script = `${curl}\n${commands.replaceAll("http://localhost:8787", server.url).replaceAll("localhost:8787", new URL(server.url).host)}`;
    const env = { ...process.env, SERVER_KEY: KEY };
    const { stdout } = await run("bash", ["-c", script], { cwd: folder, env });
    return stdout
      .trim()
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as unknown);
  }

  /** The same keys, and the same kinds of values. */
  const shapeOf = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.slice(0, 1).map(shapeOf);
    if (value === null || typeof value !== "object") return typeof value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shapeOf(inner)]));
  };

  it("[R1, P1.1, P2.1] of the client's guide sign in, read a room, and hold a lease", async () => {
    const [read, lease] = blocksOf("src/client/README.md", "sh");
    const [user] = (await type(read!)) as [{ user: { id: string } }];
    const [put, leave] = lease!.split(/(?<=\/me)\n/);
    const [held] = (await type(put!)) as [{ lease: string; state: object }];
    const [documented] = blocksOf("src/client/README.md", "json");
    expect(shapeOf(held.state)).toEqual(shapeOf(JSON.parse(documented!)));
    await type(leave!.replace("<the lease that was answered>", held.lease));
    const [, after] = (await type(read!)) as [unknown, { online: number; members: object[] }];
    expect(after).toMatchObject({ online: 0, members: [{ id: user.user.id, status: "offline" }] });
  });

  it("[B1.1, B2, B3.3, B4.1, B6.1, B7, B9.1, B11.2] of the backend's guide read, tell, kick, revoke and forget", async () => {
    const answer = await fetch(`${server.url}/demo/sign-in`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Origin: server.url },
      body: JSON.stringify({ name: "Ada" }),
    });
    const { user } = (await answer.json()) as { user: { id: string } };
    const token = /session=([^;]+)/.exec(answer.headers.get("Set-Cookie") ?? "")![1]!;
    const ada = await RawClient.join(server, "lobby", token);
    const commands = blocksOf("src/server/backend.md", "sh");
    const ask = commands[0]!.replace(/^ID=\S+/m, `ID=${user.id}`);
    const settings = ask.split("\n\n")[0]!;
    const [room, where, presence, list] = await type(ask);
    expect(room).toMatchObject({ type: "snapshot", online: 1 });
    expect(where).toMatchObject({ user: user.id, rooms: [{ room: "lobby" }] });
    expect(presence).toMatchObject({ users: [{ status: "online" }, { status: "offline" }] });
    const [documented] = blocksOf("src/server/backend.md", "json");
    expect(list).toEqual(JSON.parse(documented!));

    const rest = commands.slice(1).map((block) => `${settings}\n${block}`);
    const [events, kick, revoke, forget, again] = rest;
    expect(await type(events!)).toEqual([{ delivered: 1 }, { delivered: 1 }]);
    for (const name of ["deployed", "mention"]) {
      await ada.until((frame) => frame.type === "event" && frame.name === name);
    }
    expect(await type(kick!)).toEqual([{ closed: 1 }]);
    expect(await ada.untilClosed()).toMatchObject({ code: 4403, reason: "kicked" });
    expect(await type(revoke!)).toMatchObject([{ closed: 0 }, { lifted: 1 }]);
    expect(await type(forget!)).toMatchObject([{ closed: 0 }, { closed: 0 }]);
    const [forgotten] = (await type(`${settings}\ncurl -s -H "$KEY" $URL/rooms/lobby`)) as [
      { members: { id: string }[] },
    ];
    expect(forgotten.members.map(({ id }) => id)).not.toContain(user.id);
    expect(await type(again!)).toMatchObject([{ rooms: expect.any(Array) }]);
  });
});

it("the commands for wrangler are ones that it has", async () => {
  const named = GUIDES.flatMap((guide) => {
    const text = readFileSync(join(PROJECT, guide), "utf8");
    return [...text.matchAll(/npx (wrangler [a-z]+(?: (?:put|list))?)/g)].map(([, name]) => name!);
  });
  const wrangler = join(PROJECT, "node_modules/wrangler/bin/wrangler.js");
  const env = { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_LOG: "log" };
  const helps = [["--help"], ["secret", "--help"], ["versions", "--help"]].map(async (args) => {
    return (await run(process.execPath, [wrangler, ...args], { env })).stdout;
  });
  const help = (await Promise.all(helps)).join("\n");
  expect(named.length).toBeGreaterThan(5);
  for (const command of named) expect(help).toContain(`${command} `);
});
