import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { RawClient, signToken } from "../e2e/client-kit.ts";
import { type Server, startServer } from "../e2e/server.ts";
import { appDocument, bundleApp, openApp, signIn } from "./own-origin-app.ts";
import type { Rooms, RoomsApp } from "./apps/react-rooms.tsx";
import { closeContexts, openBrowser } from "./browser.ts";
import { eventually } from "./tab.ts";

const SERVER_KEY = "k".repeat(32);

let server: Server;
let browser: Browser;
let script: string;
let rooms = 0;
let marks = 0;

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

const newRoom = () => `rooms-${++rooms}`;

async function observe(room: string): Promise<RawClient> {
  return RawClient.join(server, room, await signToken(server.secret, "grace"));
}

/** The changes of others that the observer received, as `ada online 1`. */
function told({ frames }: RawClient): string[] {
  const deltas = frames.filter((frame) => frame.type === "delta");
  return deltas.flatMap(({ set }) =>
    set.map(({ id, status, connections }) => `${id} ${status} ${connections}`),
  );
}

/** Waits until everything so far has been sent: deltas come in order, and the last is of this. */
async function settled(observer: RawClient): Promise<string[]> {
  const at = ++marks;
  observer.send({ type: "update", data: { at } });
  await observer.until(
    (frame) => frame.type === "delta" && frame.set.some(({ data }) => data?.["at"] === at),
  );
  return told(observer).filter((each) => !each.startsWith("grace"));
}

/** Ada's page. */
async function openPage(
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
const change = (page: Page, next: Partial<Rooms>) =>
  page.evaluate(async (next) => {
    (window as unknown as { app: RoomsApp }).app.set(next);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }, next);
const appOf = (page: Page) =>
  page.evaluate(() => {
    const { counts, events } = (window as unknown as { app: RoomsApp }).app;
    return { counts, events };
  });
const reads = (page: Page, text: string) => page.getByText(text).first().waitFor();

describe("a provider that is unmounted", () => {
  it("[K29.1, K29.2] keeps its place where another is mounted in 2 s, and shows at once who is here", async () => {
    const room = newRoom();
    const observer = await observe(room);
    const { page, sockets } = await openPage({
      part: "doc",
      doc: `/rooms/${room}`,
      user: "ada",
    });
    await reads(page, "Here: ada online, grace online");
    const { counts: before } = await appOf(page);
    for (const mount of [2, 3]) await change(page, { mount });
    // By the page's own clock, by which it would leave after 2 s.
    const texts = await page.evaluate(async () => {
      const { app } = window as unknown as { app: RoomsApp };
      const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
      app.set({ part: "none" });
      await wait(500);
      const between = document.body.textContent;
      app.set({ part: "doc", mount: 4 });
      // Longer than the first would have kept it.
      await wait(2_500);
      return [between, document.body.textContent];
    });
    expect(texts[0]).toContain("Nothing");
    expect(texts[1]).toContain("Here: ada online, grace online");
    const { counts } = await appOf(page);
    expect(counts.slice(before.length).every((count) => count === 2)).toBe(true);
    expect(counts.length).toBeGreaterThan(before.length);
    expect(await settled(observer)).toEqual(["ada online 1"]);
    expect(sockets).toHaveLength(1);
  });

  it("[K29.2, K4.2] leaves its connection to nobody who may be another person", async () => {
    const room = newRoom();
    const observer = await observe(room);
    const { page, context, sockets } = await openPage({ part: "doc", doc: `/rooms/${room}` });
    await reads(page, "Here: ada online, grace online");
    await change(page, { mount: 2 });
    await reads(page, "Here: ada online, grace online");
    await eventually(() => expect(sockets).toHaveLength(2));
    await change(page, { part: "none" });
    await signIn(context, server, "bob");
    await change(page, { part: "doc" });
    await reads(page, "bob online, grace online");
    await reads(page, "Here: ada offline, bob online, grace online");
    const seen = await settled(observer);
    // A remounted page was there twice for a while, and did not look absent.
    const statuses = seen.map((each) => each.replace(/ \d$/, ""));
    expect(statuses.filter((each) => each === "ada offline")).toHaveLength(1);
    expect(statuses.at(-1)).toBe("ada offline");
    expect(statuses.filter((each) => each.startsWith("bob"))).toEqual(["bob online"]);
    expect(sockets).toHaveLength(3);
  });

  it("[K29.1, K29.3] leaves after 2 s, and where it is told to at once", async () => {
    const room = newRoom();
    const observer = await observe(room);
    const { page } = await openPage({ part: "doc", doc: `/rooms/${room}` });
    await reads(page, "Here: ada online, grace online");
    const at = Date.now();
    await change(page, { part: "none" });
    await eventually(() => expect(told(observer).at(-1)).toBe("ada offline 0"));
    expect(Date.now() - at).toBeGreaterThanOrEqual(1_900);

    await change(page, { part: "doc" });
    await reads(page, "Here: ada online, grace online");
    await page.getByRole("button", { name: "Leave" }).click();
    await change(page, { part: "none" });
    const all = ["ada online 1", "ada offline 0", "ada online 1", "ada offline 0"];
    await eventually(() => expect(told(observer)).toEqual(all));
    expect(await settled(observer)).toEqual(all);
  });
});

describe("rooms of contexts of their own", () => {
  it("[K27.1, K16.1] are told apart by their hooks, on one page", async () => {
    const [doc, team] = [newRoom(), newRoom()];
    const [inDoc, inTeam] = [await observe(doc), await observe(team)];
    const bob = await RawClient.join(server, team, await signToken(server.secret, "bob"));
    const { page } = await openPage({ part: "two", doc: `/rooms/${doc}`, team: `/rooms/${team}` });
    await reads(page, "Typing: ; in the team: 3; in the doc: 2");
    await page.getByRole("button", { name: "Type" }).click();
    await reads(page, "Typing: ada; in the team: 3; in the doc: 2");
    await bob.leave();
    await reads(page, "Typing: ada; in the team: 2; in the doc: 2");
    // Her coming and her typing may be told together.
    expect(new Set(await settled(inDoc))).toEqual(new Set(["ada online 1"]));
    expect(await settled(inTeam)).toEqual(["bob online 1", "ada online 1", "bob offline 0"]);
  });

  it("[K27.1] give the backend's events to the latest listener of that name", async () => {
    const room = newRoom();
    // The next provider takes over the connection of the one before where it knows whose it is.
    const { page } = await openPage({ part: "doc", doc: `/rooms/${room}`, user: "ada" });
    await reads(page, "Here: ada online");
    const tell = (name: string, data: unknown) =>
      fetch(`${server.url}/rooms/${room}/events`, {
        method: "POST",
        headers: { Authorization: `Bearer ${SERVER_KEY}` },
        body: JSON.stringify({ name, data }),
      });
    const hears = (...events: string[]) =>
      eventually(async () => expect((await appOf(page)).events).toEqual(events));
    await tell("other", 1);
    await tell("saved", { by: "bob" });
    await hears('1 saved {"by":"bob"}');
    await change(page, { event: "other" });
    await tell("saved", 2);
    await tell("other", 3);
    await hears('1 saved {"by":"bob"}', "1 other 3");
    await change(page, { mount: 2 });
    await tell("other", 4);
    await hears('1 saved {"by":"bob"}', "1 other 3", "2 other 4");
  });

  it("[K27.4] give signals to the latest listener of that name", async () => {
    const room = newRoom();
    const bob = await RawClient.join(server, room, await signToken(server.secret, "bob"));
    const { page } = await openPage({ part: "doc", doc: `/rooms/${room}`, user: "ada" });
    await reads(page, "Here: ada online, bob online");
    const signal = (name: string, data: unknown) => bob.send({ type: "signal", name, data });
    const hears = (...events: string[]) =>
      eventually(async () => expect((await appOf(page)).events).toEqual(events));
    signal("other", 1);
    signal("saved", 2);
    await hears("1 saved by bob: 2");
    await change(page, { event: "other" });
    await eventually(async () => {
      signal("other", 3);
      expect((await appOf(page)).events.at(-1)).toBe("1 other by bob: 3");
    });
    signal("saved", 4);
    signal("other", 5);
    await eventually(async () => {
      const { events } = await appOf(page);
      expect(events.at(-1)).toBe("1 other by bob: 5");
      expect(events).not.toContain("1 saved by bob: 4");
    });
  });
});

async function newTicket(room: string, user: string): Promise<string> {
  const answer = await fetch(`${server.url}/tickets`, {
    method: "POST",
    headers: { Authorization: `Bearer ${await signToken(server.secret, user)}` },
    body: JSON.stringify({ room }),
  });
  return ((await answer.json()) as { ticket: string }).ticket;
}

describe("the element", () => {
  it("[K28.4] has its attributes and options from JSX", async () => {
    const room = newRoom();
    const observer = await observe(room);
    const { page } = await openPage({
      part: "element",
      doc: `/rooms/${room}`,
      ticket: await newTicket(room, "zoe"),
    });
    await page.getByRole("button", { name: "1 more" }).waitFor();
    await page.getByRole("img", { name: "zoe, online" }).waitFor();
    expect(await settled(observer)).toEqual(["zoe online 1"]);
  });
});

describe("a provider's options", () => {
  it("[K27.1] `autoJoin` that turns true joins", async () => {
    const room = newRoom();
    const observer = await observe(room);
    const { page, sockets } = await openPage({
      part: "doc",
      doc: `/rooms/${room}`,
      autoJoin: false,
    });
    await reads(page, "Here:");
    expect(await settled(observer)).toEqual([]);
    await change(page, { autoJoin: true });
    await reads(page, "Here: ada online, grace online");
    expect(sockets).toHaveLength(1);
    expect(await settled(observer)).toEqual(["ada online 1"]);
  });

  it("[K4.1] that are the same functions share a connection with others, and with a handle", async () => {
    const room = newRoom();
    const ticket = await newTicket(room, "ada");
    const observer = await observe(room);
    const { page, sockets } = await openPage({ part: "twins", doc: `/rooms/${room}`, ticket });
    await eventually(async () =>
      expect(await page.getByText("Here: ada online, grace online").count()).toBe(2),
    );
    expect(await settled(observer)).toEqual(["ada online 1"]);
    expect(sockets).toHaveLength(1);
    await change(page, { part: "none" });
    await eventually(() => expect(told(observer).at(-1)).toBe("ada offline 0"));
  });

  it("[K4.2, K20.2] another `user` leaves as the former person and joins as the other, at once", async () => {
    const room = newRoom();
    const observer = await observe(room);
    const { page, context, sockets } = await openPage({
      part: "doc",
      doc: `/rooms/${room}`,
      user: "ada",
    });
    await reads(page, "Here: ada online, grace online");
    await signIn(context, server, "bob");
    await change(page, { user: "bob" });
    await reads(page, "Here: ada offline, bob online, grace online");
    expect((await settled(observer)).toSorted()).toEqual([
      "ada offline 0",
      "ada online 1",
      "bob online 1",
    ]);
    expect(sockets).toHaveLength(2);
  });
});
