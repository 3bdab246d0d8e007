import { extname, join } from "node:path";
import type { BrowserContext, Page } from "playwright-core";
import type { Alias, InlineConfig } from "vite";
import { signToken } from "../e2e/client-kit.ts";
import type { Server } from "../e2e/server.ts";
import { oncePerRun } from "../once-per-run.ts";

const source = (path: string) => join(import.meta.dirname, "../../src", path, "index.ts");

/** The package by its own name, from its sources, not its build. */
const packageAliases: Alias[] = [
  {
    find: "rollcall/react/cursors",
    replacement: join(import.meta.dirname, "../../src/react/cursors.ts"),
  },
  { find: "rollcall/react", replacement: source("react") },
  { find: "rollcall/cursors", replacement: source("cursors") },
  { find: "rollcall/element", replacement: source("element") },
  { find: "rollcall/dot", replacement: source("dot") },
  { find: "rollcall/window", replacement: source("window") },
  { find: "rollcall/signals", replacement: source("signals") },
  { find: /^rollcall$/, replacement: source("client") },
];

const TYPES: Record<string, string> = { ".html": "text/html", ".js": "text/javascript" };

/** An app's files, by the path they are served at. */
export type AppFiles = Record<string, string>;

/** A page with nothing but this in its body. */
export function appDocument(body: string): string {
  return `<!doctype html><html lang="en"><title>An app</title><body>${body}</body></html>`;
}

/** An app's script as its build bundles it, with the development build of React, which warns. */
export function bundleApp(entry: string, aliases: Alias[] = []): Promise<string> {
  const key = JSON.stringify([
    "app",
    entry,
    aliases.map(({ find, replacement }) => [String(find), replacement]),
  ]);
  return oncePerRun(key, () => buildApp(entry, aliases));
}

async function buildApp(entry: string, aliases: Alias[]): Promise<string> {
  const config: InlineConfig = {
    configFile: false,
    // It warns of "use client", which is for other bundlers.
    logLevel: "error",
    define: { "process.env.NODE_ENV": '"development"' },
    oxc: { jsx: { runtime: "automatic" } },
    resolve: { alias: [...aliases, ...packageAliases] },
    build: { write: false, minify: false, lib: { entry, formats: ["es"], fileName: "app" } },
  };
  const { build } = await import("vite");
  const built = await build(config);
  if (!Array.isArray(built)) throw new Error("The app was not built.");
  return built[0]!.output[0].code;
}

/** A user's browser, with the session cookie of the app on presence's own origin. */
export async function signIn(
  context: BrowserContext,
  server: Server,
  user: string,
  claims: Record<string, unknown> = {},
): Promise<void> {
  const value = await signToken(server.secret, user, claims);
  await context.addCookies([{ name: "session", value, url: server.url, httpOnly: true }]);
}

/** Opens `/app.html` of an app, on the origin that presence is served on. */
export async function openApp(
  context: BrowserContext,
  server: Server,
  files: AppFiles,
): Promise<Page> {
  // A page that comes from the test is not known to come from this machine.
  await context.grantPermissions(["local-network-access"]);
  const page = await context.newPage();
  page.setDefaultTimeout(40_000);
  for (const [path, body] of Object.entries(files)) {
    const contentType = `${TYPES[extname(path)]}; charset=utf-8`;
    await page.route(server.url + path, (route) => route.fulfill({ contentType, body }));
  }
  await page.goto(`${server.url}/app.html`);
  return page;
}
