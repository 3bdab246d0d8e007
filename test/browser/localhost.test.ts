import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { createServer, type ViteDevServer } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AppFolder, installPackage } from "../e2e/install-package.ts";
import { freePort } from "../e2e/server.ts";
import { Program, runWranglerDev } from "../e2e/wrangler-dev.ts";
import { closeContexts, openBrowser } from "./browser.ts";

const EXAMPLES = join(import.meta.dirname, "../examples");
const INSTALL_MS = 600_000;

const folder = mkdtempSync(join(tmpdir(), "rollcall-localhost-"));
const presenceFolder = join(folder, "presence");
/** The documented ports, and the free ones used here. */
const ports = new Map<string, number>();

let app: AppFolder;
let browser: Browser;
let vite: ViteDevServer;
let backend: Program | undefined;
let presence: Program | undefined;
let site: string;

/** Writes an example into the app, with the ports of this test. */
function useExample(from: string, to: string, edit = (text: string) => text): string {
  const text = readFileSync(join(EXAMPLES, from), "utf8");
  const free = text.replaceAll(/3000|8787/g, (port) => String(ports.get(port)));
  return app.write(to, edit(free));
}

const pageOf = (script: string) => `<!doctype html><html lang="en"><title>An app</title><body>
<p id="people"></p><button id="busy">Busy</button>
<script type="module" src="/${script}"></script></body></html>`;

beforeAll(async () => {
  for (const port of ["3000", "8787"]) ports.set(port, await freePort());
  app = await installPackage(folder);
  cpSync(join(folder, "node_modules/rollcall/template"), presenceFolder, { recursive: true });
  useExample("localhost/dev.vars", "presence/.dev.vars");
  const server = useExample("localhost/server.js", "server.js");
  useExample("client/page.ts", "proxied.ts");
  useExample("client/page.ts", "direct.ts", (text) =>
    text.replace("/rooms/lobby", `http://localhost:${ports.get("8787")}/rooms/lobby`),
  );
  app.write("proxied.html", pageOf("proxied.ts"));
  app.write("direct.html", pageOf("direct.ts"));
  const configFile = useExample("localhost/vite.config.js", "vite.config.js");

  backend = new Program(folder, server, [], { COOKIE_SECRET: "for this test alone" });
  presence = await runWranglerDev(presenceFolder, ports.get("8787")!);
  await backend.answers(`http://localhost:${ports.get("3000")}/api/session`);
  vite = await createServer({
    root: folder,
    configFile,
    logLevel: "error",
    server: { port: await freePort(), strictPort: true, host: "localhost" },
  });
  await vite.listen();
  site = `http://localhost:${vite.config.server.port}`;
  browser = await openBrowser();
}, INSTALL_MS);

afterAll(async () => {
  await closeContexts(browser);
  await vite?.close();
  await presence?.stop();
  await backend?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Opens a page of the app in the browser of a user who signed in there. */
async function openSignedIn(path: string): Promise<Page> {
  const context = await browser.newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  await page.goto(`${site}/${path}`);
  const status = await page.evaluate(async () => {
    return (await fetch("/api/sign-in", { method: "POST" })).status;
  });
  expect(status).toBe(204);
  await page.goto(`${site}/${path}`);
  return page;
}

const TRY_AGAIN_MS = 600_000;

describe("an app of Vite and Express on this machine, and presence beside it", () => {
  it("[A3.1, A3.2] works by the dev server's proxy, as on one host, with nothing to allow", async () => {
    const page = await openSignedIn("proxied.html");
    await page.getByText("Ada: online").waitFor();
    await page.getByRole("button", { name: "Busy" }).click();
    await page.getByText("Ada: busy").waitFor();
    expect(presence!.output).not.toContain("origin_forbidden");
    await page.context().close();
  });

  it(
    "[A3.1] works on a port of its own once the app's origin is allowed",
    async () => {
      const page = await openSignedIn("direct.html");
      await expect.poll(() => presence!.output, { timeout: 30_000 }).toContain("origin_forbidden");
      expect(presence!.output).toContain(site);
      appendFileSync(join(presenceFolder, ".dev.vars"), `ALLOWED_ORIGINS=${site}\n`);
      await presence!.stop();
      presence = await runWranglerDev(presenceFolder, ports.get("8787")!);
      await page.reload();
      await page.getByText(/^Ada: /).waitFor();
      await page.context().close();
    },
    TRY_AGAIN_MS,
  );
});
