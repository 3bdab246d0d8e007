import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import type { Status } from "../../src/protocol/messages.ts";
import { RawClient, signToken } from "../e2e/client-kit.ts";
import { type Server, startServer } from "../e2e/server.ts";
import { appDocument, bundleApp, openApp, signIn } from "./own-origin-app.ts";
import { closeContexts, openBrowser } from "./browser.ts";
import { eventually } from "./tab.ts";

/** The grace period is so long that only users who left disappear. */
const OPTIONS = {
  vars: {
    GRACE_SECONDS: "60",
    TICKET_SECRET: randomBytes(32).toString("base64url"),
    WINDOW_ROOMS: "part-*",
  },
};

export let server: Server;
let browser: Browser;
let script: string;
let rooms = 0;
const others: RawClient[] = [];

export const newRoom = () => `element-${++rooms}`;

export async function enter(room: string, name: string, status?: Status): Promise<RawClient> {
  const token = await signToken(server.secret, name.toLowerCase(), { name });
  const client = await RawClient.join(server, room, token);
  if (status) await client.request({ type: "update", status });
  others.push(client);
  return client;
}

/** You's page, where you are signed in. */
export async function openPage(
  html: string,
  claims: Record<string, unknown> = {},
  options: BrowserContextOptions = {},
): Promise<Page> {
  const context = await browser.newContext(options);
  await signIn(context, server, "you", { name: "You", ...claims });
  return openApp(context, server, {
    "/app.html": appDocument(`<style>:root { color-scheme: light dark }</style>
      <main id="here">${html}</main><aside id="there"></aside>
      <script type="module" src="/element.js"></script>`),
    "/element.js": script,
  });
}

/** What a screen reader has of the row: the faces, and the button for the others. */
export function listOn(page: Page): Promise<(string | null)[]> {
  return page
    .locator("rollcall-people .list > li:not([hidden]) > :is([role=img], button)")
    .evaluateAll((elements) => elements.map((element) => element.ariaLabel));
}

/** The names in the list of the others, as they are read. */
export const othersOn = (page: Page) =>
  page
    .locator("rollcall-people .others:popover-open .name")
    .evaluateAll((elements) => elements.map((element) => element.textContent));

export const shows = (page: Page, ...names: string[]) =>
  eventually(async () => {
    const list = await listOn(page);
    expect(list).toEqual(names);
    return list;
  });

/** The statuses of the member that a client received, as `online`. */
export function toldOf({ frames }: RawClient, member: string): string[] {
  const deltas = frames.filter((frame) => frame.type === "delta");
  return deltas.flatMap(({ set }) =>
    set.filter(({ id }) => id === member).map(({ status }) => status),
  );
}

/** Starts a server and a browser for the tests of a file. */
export function setUpPeople(): void {
  beforeAll(async () => {
    [server, browser, script] = await Promise.all([
      startServer(OPTIONS),
      openBrowser(),
      bundleApp(join(import.meta.dirname, "../../src/element/index.ts")),
    ]);
  });

  afterEach(async () => {
    for (const { ws } of others.splice(0)) ws.terminate();
    await closeContexts(browser);
  });

  afterAll(() => server?.stop());
}

/** Restarts a killed server, with its rooms. */
export async function startAgain(): Promise<void> {
  const { persist, port } = server;
  server = await startServer({ ...OPTIONS, persist, port });
}
