import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { createElement } from "react";
import { renderToString } from "react-dom/server";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { ServerFrame } from "../../src/protocol/messages.ts";
import { RawClient, readRoom, signToken } from "../e2e/client-kit.ts";
import { type Server, startServer } from "../e2e/server.ts";
import { appDocument, bundleApp, openApp, signIn } from "./own-origin-app.ts";
import { App, type ReactApp, type Shown } from "./apps/react-app.tsx";
import { closeContexts, openBrowser } from "./browser.ts";
import { eventually } from "./tab.ts";

let server: Server;
let browser: Browser;
let script: string;
let rooms = 0;
const observers: RawClient[] = [];

beforeAll(async () => {
  [server, browser, script] = await Promise.all([
    // The grace period is so long that only users who left disappear.
    startServer({ vars: { GRACE_SECONDS: "60", TICKET_SECRET: "t".repeat(32) } }),
    openBrowser(),
    bundleApp(join(import.meta.dirname, "apps/react-app.tsx")),
  ]);
});

afterEach(async () => {
  await Promise.all(observers.splice(0).map((observer) => observer.leave()));
  await closeContexts(browser);
});

afterAll(() => server?.stop());

const newRoom = () => `react-${++rooms}`;

async function observe(room: string): Promise<RawClient> {
  const observer = await RawClient.join(server, room, await signToken(server.secret, "grace"));
  observers.push(observer);
  return observer;
}

/** The changes that the observer received, as `ada online`. */
function told({ frames }: RawClient): string[] {
  const deltas = frames.filter((frame) => frame.type === "delta");
  return deltas.flatMap(({ set }) => set.map(({ id, status }) => `${id} ${status}`));
}

/** Ada's page, which starts as `shown`, over `html` from the server. */
async function openPage(
  shown: Partial<Shown> & { url: string },
  html = "",
  watch: (page: Page) => void = () => {},
) {
  const context = await browser.newContext();
  context.once("page", watch);
  await signIn(context, server, "ada");
  const first = {
    inside: true,
    list: true,
    twice: false,
    waits: "nobody",
    ...shown,
  } satisfies Shown;
  const page = await openApp(context, server, {
    "/app.html": appDocument(`<div id="root">${html}</div>
      <script type="module">
        import { start } from "/app.js";
        window.app = start(document.getElementById("root"), ${JSON.stringify(first)});
      </script>`),
    "/app.js": script,
  });
  await page.waitForFunction(() => "app" in window);
  return page;
}

function change(page: Page, next: Partial<Shown>): Promise<void> {
  return page.evaluate((next) => (window as unknown as { app: ReactApp }).app.set(next), next);
}

function rendersOf(page: Page): Promise<ReactApp["renders"]> {
  return page.evaluate(() => (window as unknown as { app: ReactApp }).app.renders);
}

const reads = (page: Page, text: string) => page.getByText(text).first().waitFor();

describe("a room's provider", () => {
  it("[K20.1] is present while it is mounted, whatever comes and goes inside, in strict mode too", async () => {
    const room = newRoom();
    const observer = await observe(room);
    const page = await openPage({ url: `/rooms/${room}`, list: false });
    await reads(page, '"connection":"online"');
    await eventually(() => expect(told(observer)).toEqual(["ada online"]));

    await change(page, { list: true });
    await reads(page, "ada: online");
    await change(page, { waits: "list" });
    await reads(page, "Waiting for the list");
    await change(page, { waits: "nobody", list: false });
    await reads(page, '"connection":"online"');
    await change(page, { twice: true });
    await reads(page, "ada: online");
    await change(page, { twice: false });
    // What was said of her until here came before this.
    observer.send({ type: "update", status: "away" });
    await eventually(() => expect(told(observer)).toEqual(["ada online", "grace away"]));

    await change(page, { inside: false });
    await reads(page, "Outside");
    await eventually(() => expect(told(observer).slice(2)).toEqual(["ada offline"]));
  });

  it("[K20.1] joins once it is mounted, and not when it is rendered", async () => {
    const room = newRoom();
    const page = await openPage({ url: `/rooms/${room}`, waits: "provider" });
    const sockets: string[] = [];
    page.on("websocket", (socket) => sockets.push(socket.url()));
    await reads(page, "Waiting for the provider");
    const observer = await observe(room);

    await change(page, { waits: "nobody" });
    await reads(page, "ada: online");
    await eventually(() => expect(told(observer)).toEqual(["ada online"]));
    expect(sockets).toHaveLength(1);
  });

  it("[K20.2] moves to another room with its URL", async () => {
    const [from, to] = [newRoom(), newRoom()];
    const [left, joined] = [await observe(from), await observe(to)];
    const page = await openPage({ url: `/rooms/${from}` });
    await reads(page, "ada: online");

    await change(page, { url: `${server.url}/rooms/${to}` });
    await eventually(() => {
      expect(told(left)).toEqual(["ada online", "ada offline"]);
      expect(told(joined)).toEqual(["ada online"]);
    });
    await reads(page, '"online":2,"connection":"online"');
  });

  it("[K20.3] leaves and joins where it is told to, and joins by itself or not", async () => {
    const room = newRoom();
    const observer = await observe(room);
    const page = await openPage({ url: `/rooms/${room}`, autoJoin: false });
    await reads(page, '"connection":"closed"');
    await page.getByRole("button", { name: "Join" }).click();
    await reads(page, '"connection":"online"');
    await page.getByRole("button", { name: "Leave" }).click();
    await reads(page, '"connection":"closed"');
    await page.getByRole("button", { name: "Join" }).click();
    await reads(page, '"connection":"online"');
    await eventually(() => {
      expect(told(observer)).toEqual(["ada online", "ada offline", "ada online"]);
    });
  });
});

/** What opens one connection of Ada's, once. */
async function newTicket(room: string): Promise<string> {
  const response = await fetch(`${server.url}/tickets`, {
    method: "POST",
    headers: { Authorization: `Bearer ${await signToken(server.secret, "ada")}` },
    body: JSON.stringify({ room }),
  });
  return ((await response.json()) as { ticket: string }).ticket;
}

describe("a provider's options", () => {
  it("[K20.4] are those of its first join, but of their functions the latest are called", async () => {
    const room = newRoom();
    const page = await openPage({ url: `/rooms/${room}`, ticket: await newTicket(room) });
    await reads(page, "ada: online");
    await page.getByRole("button", { name: "Leave" }).click();
    await reads(page, '"connection":"closed"');
    await change(page, { ticket: await newTicket(room) });
    await page.getByRole("button", { name: "Join" }).click();
    await reads(page, '"connection":"online"');
    await eventually(async () => expect(await page.getByText("ada: online").count()).toBe(1));
  });
});

describe("the hooks", () => {
  it("[K21] render what has changed, and nothing else", async () => {
    const room = newRoom();
    const observer = await observe(room);
    const page = await openPage({ url: `/rooms/${room}` });
    await reads(page, "ada: online");
    await reads(page, '"connection":"online"');
    const before = await rendersOf(page);

    await observer.request({ type: "update", status: "away" });
    await reads(page, "grace: away");
    const after = await rendersOf(page);
    expect(after["grace"]).toBeGreaterThan(before["grace"]!);
    expect({ ...after, grace: 0 }).toEqual({ ...before, grace: 0 });

    await page.getByRole("button", { name: "Busy" }).click();
    await reads(page, "ada: busy");
    await reads(page, '"self":{"id":"ada","chosen":"busy"},"chosen":"busy"');
    const last = await rendersOf(page);
    expect([last["grace"], last["buttons"]]).toEqual([after["grace"], after["buttons"]]);
    expect(last["ada"]).toBeGreaterThan(after["ada"]!);
  });
});

describe("rendering on a server", () => {
  it("[K22] shows the room that was read, joins nothing, and misses nothing until it is connected", async () => {
    const room = newRoom();
    const observer = await observe(room);
    const initial = await readRoom(server, room, await signToken(server.secret, "ada"));
    const shown = { url: `/rooms/${room}`, initial, inside: true, list: true, twice: false };
    const html = renderToString(createElement(App, { ...shown, waits: "nobody" }));
    expect(html).toContain("&quot;online&quot;:1,&quot;connection&quot;:&quot;connecting&quot;");
    expect(html.replaceAll("<!-- -->", "")).toContain("<li>grace: online</li>");
    observer.send({ type: "update", status: "busy" });
    await eventually(() => expect(told(observer)).toEqual(["grace busy"]));

    const frames: ServerFrame["type"][] = [];
    const complaints: string[] = [];
    const page = await openPage(shown, html, (page) => {
      page.on("console", (message) => {
        if (/error|warning/.test(message.type())) complaints.push(message.text());
      });
      page.on("websocket", (socket) =>
        socket.on("framereceived", ({ payload }) => {
          const text = String(payload);
          if (text.startsWith("{")) frames.push((JSON.parse(text) as ServerFrame).type);
        }),
      );
    });
    await reads(page, "grace: busy");
    await reads(page, "ada: online");
    await reads(page, '"connection":"online"');
    expect(frames).toEqual(["welcome", "delta"]);
    expect(complaints).toEqual([]);
    const faults = await page.evaluate(() => (window as unknown as { app: ReactApp }).app.faults);
    expect(faults).toEqual([]);
  });
});
