import { execFile } from "node:child_process";
import { copyFileSync, globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { build } from "vite";
import { type AppFolder, installPackage } from "../e2e/install-package.ts";
import { type Server, startServer } from "../e2e/server.ts";
import { type AppFiles, openApp, signIn } from "./own-origin-app.ts";
import { closeContexts, openBrowser } from "./browser.ts";

const PROJECT = join(import.meta.dirname, "../..");
const EXAMPLES = join(PROJECT, "test/examples");
const TYPES = ["@types/react", "@types/react-dom"];

const folder = mkdtempSync(join(tmpdir(), "rollcall-package-"));
const run = promisify(execFile);

const INSTALL_MS = 600_000;

let app: AppFolder;
let browser: Browser;
let server: Server | undefined;

beforeAll(async () => {
  browser = await openBrowser();
  app = await installPackage(folder, TYPES);
}, INSTALL_MS);

afterAll(async () => {
  await closeContexts(browser);
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** An app of the README's three examples, as a bundler makes it; its files by their path. */
async function buildApp({ write, checkTypes }: AppFolder): Promise<AppFiles> {
  copyFileSync(join(EXAMPLES, "client/page.ts"), join(folder, "page.ts"));
  copyFileSync(join(EXAMPLES, "react/room.tsx"), join(folder, "room.tsx"));
  write(
    "main.tsx",
    `import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./room.tsx";
import "./page.ts";
createRoot(document.querySelector("#react")!).render(<StrictMode><App /></StrictMode>);
`,
  );
  const element = readFileSync(join(EXAMPLES, "element/people.html"), "utf8");
  write(
    "app.html",
    `<!doctype html><html lang="en"><title>An app</title><body>
<p id="people"></p><button id="busy">Not now</button>
<div id="react"></div>
${element}
<script type="module" src="/main.tsx"></script></body></html>`,
  );
  write("public/rollcall-people.js", readFileSync(packed("dist/rollcall-people.js"), "utf8"));
  const faults = await checkTypes(
    {
      module: "esnext",
      moduleResolution: "bundler",
      allowImportingTsExtensions: true,
      jsx: "react-jsx",
      types: [],
      lib: ["es2024", "dom", "dom.iterable"],
    },
    ["main.tsx"],
  );
  expect(faults).toBe("");
  await build({
    root: folder,
    configFile: false,
    logLevel: "error",
    oxc: { jsx: { runtime: "automatic" } },
    build: { rolldownOptions: { input: join(folder, "app.html") } },
  });
  const dist = join(folder, "dist");
  const files = globSync("**/*.{html,js}", { cwd: dist });
  return Object.fromEntries(
    files.map((file) => [`/${file}`, readFileSync(join(dist, file), "utf8")]),
  );
}

const packed = (path: string) => join(folder, "node_modules/rollcall", path);

it("[K26.1] the package builds in an app and in a Worker, and the README's examples run", async () => {
  const { write } = app;
  const entries = [
    "",
    "/window",
    "/signals",
    "/react",
    "/react/cursors",
    "/element",
    "/element.min.js",
    "/dot",
    "/dot.min.js",
    "/cursors",
    "/cursors.min.js",
  ];
  const imports = entries.map((entry) => `import "rollcall${entry}";\n`);
  const script = write("imports.js", imports.join(""));
  await run(process.execPath, [script]);
  const worker = write(
    "worker/worker.ts",
    `import { createApp, Directory, Hub, Room, User } from "rollcall/server";

export default createApp();
export { Directory, Hub, Room, User };
`,
  );
  const files = await buildApp(app);
  server = await startServer({ main: worker });

  const context = await browser.newContext();
  await signIn(context, server, "ada", { name: "Ada" });
  const page = await openApp(context, server, files);
  const faults: string[] = [];
  page.on("pageerror", ({ message }) => faults.push(message));
  const vanilla = page.locator("#people");
  const react = page.locator("#react p");
  const face = page.getByRole("list", { name: "People here" }).getByRole("img");
  await vanilla.getByText("Ada: online").waitFor();
  await react.getByText("Ada: online").waitFor();
  await face.and(page.getByLabel("Ada, online")).waitFor();

  await page.locator("#busy").click();
  await react.getByText("Ada: busy").waitFor();
  await face.and(page.getByLabel("Ada, busy")).waitFor();
  await page.getByRole("button", { name: "Busy" }).click();
  await vanilla.getByText("Ada: online").waitFor();
  expect(faults).toEqual([]);
  expect(Object.keys(files)).toContain("/rollcall-people.js");
});
