import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll } from "vitest";
import { RawClient, signToken } from "../e2e/client-kit.ts";
import { type Server, startServer } from "../e2e/server.ts";
import { appDocument, bundleApp, openApp, signIn } from "./own-origin-app.ts";
import type { Rooms, RoomsApp } from "./apps/react-rooms.tsx";
import { closeContexts, openBrowser } from "./browser.ts";

export const SERVER_KEY = "k".repeat(32);

export let server: Server;
let browser: Browser;
let script: string;
let rooms = 0;
let marks = 0;

/** Starts a server and a browser for the tests of a file. */
export function setUpRooms(): void {
  beforeAll(async () => {
    [server, browser, script] = await Promise.all([
      // The grace period is so long that only users who left disappear.
      startServer({
        vars: {
          GRACE_SECONDS: "60",
          TICKET_SECRET: "t".repeat(32),
          SERVER_KEY,
          SIGNALS: "true",
        },
      }),
      openBrowser(),
      bundleApp(join(import.meta.dirname, "apps/react-rooms.tsx")),
    ]);
  });

  afterEach(() => closeContexts(browser));

  afterAll(() => server?.stop());
}

export const newRoom = () => `rooms-${++rooms}`;

export async function observe(room: string): Promise<RawClient> {
  return RawClient.join(server, room, await signToken(server.secret, "grace"));
}

/** The changes of others that the observer received, as `ada online 1`. */
export function told({ frames }: RawClient): string[] {
  const deltas = frames.filter((frame) => frame.type === "delta");
  return deltas.flatMap(({ set }) =>
    set.map(({ id, status, connections }) => `${id} ${status} ${connections}`),
  );
}

/** Waits until everything so far has been sent: deltas come in order, and the last is of this. */
export async function settled(observer: RawClient): Promise<string[]> {
  const at = ++marks;
  observer.send({ type: "update", data: { at } });
  await observer.until(
    (frame) => frame.type === "delta" && frame.set.some(({ data }) => data?.["at"] === at),
  );
  return told(observer).filter((each) => !each.startsWith("grace"));
}

/** Ada's page. */
export async function openPage(
  shown: Partial<Rooms>,
): Promise<{ page: Page; context: BrowserContext; sockets: string[] }> {
  const context = await browser.newContext();
  const sockets: string[] = [];
  context.once("page", (page) => page.on("websocket", (socket) => sockets.push(socket.url())));
  await signIn(context, server, "ada");
  const first = { part: "none", doc: "", team: "", mount: 1, event: "saved", ...shown };
  const page = await openApp(context, server, {
    "/app.html": appDocument(`<div id="root"></div>
      <script type="module">
        import { start } from "/app.js";
        window.app = start(document.getElementById("root"), ${JSON.stringify(first)});
      </script>`),
    "/app.js": script,
  });
  await page.waitForFunction(() => "app" in window);
  return { page, context, sockets };
}

/** Shows something else; resolves once the page has had time for that. */
export const change = (page: Page, next: Partial<Rooms>) =>
  page.evaluate(async (next) => {
    (window as unknown as { app: RoomsApp }).app.set(next);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }, next);

/** What the page noted: its renders, and what it heard. */
export const appOf = (page: Page) =>
  page.evaluate(() => {
    const { counts, events } = (window as unknown as { app: RoomsApp }).app;
    return { counts, events };
  });

/** Waits until the page shows a text. */
export const reads = (page: Page, text: string) => page.getByText(text).first().waitFor();
