import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { createElement } from "react";
import { renderToString } from "react-dom/server";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { ClientFrame, Status } from "../../src/protocol/messages.ts";
import { RawClient, signToken } from "../e2e/client-kit.ts";
import { type Server, startServer } from "../e2e/server.ts";
import { App as Live } from "../examples/react/live.tsx";
import { Team } from "../examples/react/team.tsx";
import type { Watch, WatchApp } from "./apps/watch-app.tsx";
import { closeContexts, openBrowser } from "./browser.ts";
import { appDocument, bundleApp, openApp, signIn } from "./own-origin-app.ts";
import { eventually } from "./tab.ts";

const OPTIONS = { vars: { GRACE_SECONDS: "0", PUBLIC_COUNTS: "live" } };

let server: Server;
let browser: Browser;
let script: string;
let plain: string;
let rooms = 0;
const others: RawClient[] = [];

beforeAll(async () => {
  [server, browser, script, plain] = await Promise.all([
    startServer(OPTIONS),
    openBrowser(),
    bundleApp(join(import.meta.dirname, "apps/watch-app.tsx")),
    bundleApp(join(import.meta.dirname, "../examples/client/window.ts")),
  ]);
});

afterEach(async () => {
  for (const { ws } of others.splice(0)) ws.terminate();
  await closeContexts(browser);
});

afterAll(() => server?.stop());

const newRoom = () => `watch-${++rooms}`;

async function enter(room: string, user: string, status?: Status): Promise<RawClient> {
  const client = await RawClient.join(server, room, await signToken(server.secret, user));
  if (status) await client.request({ type: "update", status });
  others.push(client);
  return client;
}

type WatchFrame = Extract<ClientFrame, { type: "watch" }>;

/** A page, signed in if there is a `user`, and the `watch` frames that it sends. */
async function openPage(shown: Partial<Watch>, user = "you") {
  const context = await browser.newContext();
  const watches: WatchFrame[] = [];
  const sockets: string[] = [];
  context.once("page", (page) =>
    page.on("websocket", (socket) => {
      sockets.push(socket.url());
      socket.on("framesent", ({ payload }) => {
        const text = String(payload);
        if (text.startsWith('{"type":"watch"')) watches.push(JSON.parse(text) as WatchFrame);
      });
    }),
  );
  if (user) await signIn(context, server, user);
  const first = { part: "none", room: "", from: 0, present: true, ...shown };
  const page = await openApp(context, server, {
    "/app.html": appDocument(`<div id="root"></div>
      <script type="module">
        import { start } from "/app.js";
        window.app = start(document.getElementById("root"), ${JSON.stringify(first)});
      </script>`),
    "/app.js": script,
  });
  await page.waitForFunction(() => "app" in window);
  return { page, watches, sockets };
}

const change = (page: Page, next: Partial<Watch>) =>
  page.evaluate((next) => (window as unknown as { app: WatchApp }).app.set(next), next);
const rendersOf = (page: Page) =>
  page.evaluate(() => (window as unknown as { app: WatchApp }).app.renders);
const statusOf = (page: Page, row: number) =>
  page.locator(`[data-user=user-${String(row).padStart(5, "0")}]`).textContent();
const shows = (page: Page, row: number, status: string) =>
  eventually(async () => expect(await statusOf(page, row)).toBe(status));

/** The users who are watched after these frames. */
function watchedBy(frames: WatchFrame[]): Set<string> {
  const watched = new Set<string>();
  for (const { remove = [], add = [] } of frames) {
    for (const id of remove) watched.delete(id);
    for (const id of add) watched.add(id);
  }
  return watched;
}

describe("a virtualised list of 10,000 names", () => {
  it("[K27.2] watches the 40 that are seen, in a frame for each step of the scrolling", async () => {
    const room = newRoom();
    const bob = await enter(room, "user-00039", "busy");
    await enter(room, "user-05000");
    const { page, watches, sockets } = await openPage({ part: "list", room: `/rooms/${room}` });
    await shows(page, 39, "busy");
    await shows(page, 0, "offline");
    expect(watches).toHaveLength(1);
    expect(watches[0]!.add).toHaveLength(40);

    const renders = await rendersOf(page);
    await bob.request({ type: "update", status: "away" });
    await shows(page, 39, "away");
    // In strict mode each is two.
    expect((await rendersOf(page)) - renders).toBeLessThanOrEqual(2);

    await change(page, { from: 10 });
    await eventually(() => expect(watches).toHaveLength(2));
    expect([watches[1]!.remove?.length, watches[1]!.add?.length]).toEqual([10, 10]);
    // By the page's own clock: the time between two steps is less than what is gathered.
    await page.evaluate(async () => {
      const { app } = window as unknown as { app: WatchApp };
      for (let from = 20; from <= 4_980; from += 40) {
        app.set({ from });
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    });
    await shows(page, 5_000, "online");
    await eventually(() => {
      const watched = [...watchedBy(watches)].toSorted();
      expect([watched.length, watched[0], watched.at(-1)]).toEqual([
        40,
        "user-04980",
        "user-05019",
      ]);
    });
    // Fewer than one for each step: within 50 ms they are gathered.
    expect(watches.length).toBeLessThan(60);
    expect(sockets).toHaveLength(1);
  });

  it("[K16.5, K27.2] watches them again when the server is back", async () => {
    const room = newRoom();
    await enter(room, "user-00003", "busy");
    const { page, watches } = await openPage({ part: "list", room: `/rooms/${room}` });
    await shows(page, 3, "busy");
    const { persist, port } = server;
    await server.kill();
    others.splice(0);
    server = await startServer({ ...OPTIONS, persist, port });
    await enter(room, "user-00004");
    await shows(page, 4, "online");
    expect(watchedBy(watches.slice(-1)).size).toBe(40);
  });

  it("[K20.4, K27.3] of a watcher, who joins when `present` turns true", async () => {
    const room = newRoom();
    const bob = await enter(room, "user-00001");
    const { page, sockets } = await openPage({
      part: "list",
      room: `/rooms/${room}`,
      present: false,
    });
    await shows(page, 1, "online");
    await page.getByText("Watching: 1").waitFor();
    const isTold = () =>
      bob.frames.some(
        (frame) => frame.type === "delta" && frame.set.some(({ id }) => id === "you"),
      );
    expect(isTold()).toBe(false);
    await change(page, { present: true });
    await eventually(() => expect(isTold()).toBe(true));
    await shows(page, 1, "online");
    expect(sockets).toHaveLength(2);
  });
});

describe("the recipes", () => {
  it("[K27.2] show dots beside the names of a team", async () => {
    const bob = await enter("company", "bob", "busy");
    const { page, watches } = await openPage({ part: "team" });
    await eventually(async () =>
      expect(
        await page
          .locator(".dot")
          .evaluateAll((dots) => dots.map((dot) => dot.getAttribute("title"))),
      ).toEqual(["offline", "busy"]),
    );
    expect(watches).toMatchObject([{ add: ["ada", "bob"] }]);
    await bob.leave();
    await eventually(async () =>
      expect(await page.locator(".dot").nth(1).getAttribute("title")).toBe("offline"),
    );
  });

  it("[K27.3, S3.1] say to anybody how many are looking at a page", async () => {
    const { page } = await openPage({ part: "live" }, "");
    await page.getByText("1 watching").waitFor();
    const { page: other } = await openPage({ part: "live" }, "");
    await other.getByText("2 watching").waitFor();
    await eventually(async () => expect(await page.getByText("2 watching").count()).toBe(1));
  });

  it("[K16.2] show dots and the number of watchers with no framework", async () => {
    await enter("company", "bob", "busy");
    const context = await browser.newContext();
    await signIn(context, server, "you");
    const page = await openApp(context, server, {
      "/app.html": appDocument(`<i data-user="ada"></i><i data-user="bob"></i>
        <p id="watching"></p><script type="module" src="/app.js"></script>`),
      "/app.js": plain,
    });
    await page.getByText("1 watching").waitFor();
    await eventually(async () =>
      expect(
        await page.locator("[data-user]").evaluateAll((dots) => dots.map((dot) => dot.className)),
      ).toEqual(["offline", "busy"]),
    );
  });

  it("[K22] render on a server, where nobody is watched", () => {
    expect(renderToString(createElement(Live))).toBe("");
    const page = renderToString(createElement(Team, { people: [{ id: "ada", name: "Ada" }] }));
    expect(page).toContain('title="offline"');
  });
});
