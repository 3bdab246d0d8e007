import { join } from "node:path";
import type { Browser, BrowserContext } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { RoomHandle } from "../../src/client/index.ts";
import { eventually, RawClient, signToken } from "../e2e/client-kit.ts";
import { type Server, startServer } from "../e2e/server.ts";
import { statusesOf } from "../e2e/told.ts";
import { closeContexts, openBrowser } from "./browser.ts";
import { appDocument, bundleApp, openApp } from "./own-origin-app.ts";

const LIFE_SECONDS = 4;
const ENTRIES = {
  "/client.js": "../../src/client/index.ts",
  "/element.js": "../../src/element/index.ts",
  "/dot.js": "../../src/dot/index.ts",
  "/react.js": "apps/react-app.tsx",
};
/** Each way to be in a room, in a separate room, and a dot, whose window watches one. */
const PAGE = `<rollcall-people room="/rooms/element"></rollcall-people><div id="root"></div>
  <rollcall-dot room="/rooms/dot" user="bob" name="Bob"></rollcall-dot>
  <script type="module">
    import { joinRoom } from "/client.js";
    import { start } from "/react.js";
    import "/element.js";
    import "/dot.js";
    window.room = joinRoom("/rooms/vanilla");
    const shown = { url: "/rooms/react", inside: true, list: true, twice: false, waits: "nobody" };
    start(document.getElementById("root"), shown);
  </script>`;
const ROOMS = ["vanilla", "react", "element"];

let server: Server;
let browser: Browser;

beforeAll(async () => {
  // A grace period is longer than any pause between two attempts.
  const vars = { GRACE_SECONDS: "60" };
  [server, browser] = await Promise.all([startServer({ vars }), openBrowser()]);
});

afterAll(async () => {
  await closeContexts(browser);
  await server?.stop();
});

async function renewCookie(context: BrowserContext): Promise<void> {
  const exp = Math.floor(Date.now() / 1_000) + LIFE_SECONDS;
  const value = await signToken(server.secret, "ada", { exp });
  await context.addCookies([{ name: "session", value, url: server.url, httpOnly: true }]);
}

it("[K14, K16.5] a page of any kind goes on when its session ends whose cookie the app renews, seen by nobody", async () => {
  const eve = await signToken(server.secret, "eve");
  const watchers = await Promise.all(ROOMS.map((room) => RawClient.join(server, room, eve)));
  const bob = await RawClient.join(server, "dot", await signToken(server.secret, "bob"));
  const scripts = await Promise.all(
    Object.entries(ENTRIES).map(async ([path, entry]) => {
      return [path, await bundleApp(join(import.meta.dirname, entry))] as const;
    }),
  );
  const context = await browser.newContext();
  await renewCookie(context);
  const renewing = setInterval(() => void renewCookie(context), 1_000);
  let sockets = 0;
  context.once("page", (page) => page.on("websocket", () => sockets++));
  const files = { "/app.html": appDocument(PAGE), ...Object.fromEntries(scripts) };
  const page = await openApp(context, server, files);
  // Each has had three sessions, and is in its fourth.
  await eventually(
    () => sockets,
    (count) => count >= 4 * (ROOMS.length + 1),
    { withinMs: 40_000 },
  );
  await page.getByText("ada: online").waitFor();
  await page.getByText('"connection":"online"').waitFor();
  await page.locator("rollcall-people:state(online)").waitFor();
  await bob.request({ type: "update", status: "busy" });
  await page.getByRole("img", { name: "Bob, busy" }).waitFor();
  expect(statusesOf(bob.frames, "ada")).toEqual([]);
  // Its session may have just ended once more.
  await eventually(
    () => page.evaluate(() => (window as unknown as { room: RoomHandle }).room.getSnapshot()),
    ({ connection, error }) => connection === "online" && error === null,
  );
  clearInterval(renewing);
  for (const { frames } of watchers) {
    expect(statusesOf(frames, "ada")).toEqual(["online"]);
    expect(frames.filter(({ type }) => type === "delta").length).toBeLessThanOrEqual(1);
  }
});
