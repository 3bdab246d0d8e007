import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { signToken } from "../e2e/client-kit.ts";
import { type Server, startServer } from "../e2e/server.ts";
import { closeContexts, openBrowser } from "./browser.ts";
import { shownOn } from "./shown.ts";
import { eventually, Tab } from "./tab.ts";

/** As browsers report it, which the DOM's types leave out. */
interface LayoutShift extends PerformanceEntry {
  value: number;
}

let server: Server;
let browser: Browser;

beforeAll(async () => {
  [server, browser] = await Promise.all([
    startServer({ env: "demo", vars: { GRACE_SECONDS: "1" } }),
    openBrowser(),
  ]);
});

afterEach(() => closeContexts(browser));

afterAll(() => server?.stop());

/** Presses a key until an element has the focus. */
async function press(page: Page, key: string, selector: string): Promise<void> {
  for (let times = 0; times < 20; times++) {
    if (await page.locator(selector).evaluate((element) => element.matches(":focus"))) return;
    await page.keyboard.press(key);
  }
  throw new Error(`${key} never reaches ${selector}`);
}

describe("the page", () => {
  it("leads from / to the lobby", async () => {
    const page = await browser.newPage();
    await page.goto(server.url);
    await page.getByRole("heading", { name: "Join lobby" }).waitFor();
    expect(new URL(page.url()).pathname).toBe("/in/lobby");
  });

  it("leads from /design-review to the room of that name, and keeps the one beside it", async () => {
    const page = await browser.newPage();
    await page.goto(`${server.url}/design-review?beside=studio`);
    await page.getByRole("heading", { name: "Join design-review" }).waitFor();
    expect(page.url()).toBe(`${server.url}/in/design-review?beside=studio`);
  });

  it("says why a sign-in failed, and forgets it at the next try", async () => {
    const tab = await Tab.open(await browser.newContext(), server.url, "failing");
    const failure = tab.page.getByRole("alert");
    const url = "**/demo/sign-in";
    await tab.page.route(url, (route) => route.abort());
    await tab.signIn("Ada");
    await failure.getByText("The service could not be reached.").waitFor();
    await tab.page.unroute(url);
    await tab.page.route(url, (route) => route.fulfill({ status: 502, body: "Bad gateway" }));
    await tab.signIn("Ada");
    await failure.getByText("it answered 502").waitFor();
    await tab.page.unroute(url);
    await tab.signIn("Ada");
    await tab.sees({ Ada: "online" });
    expect(await failure.count()).toBe(0);
  });

  it("offers no way back into a room that is not open to its person", async () => {
    const context = await browser.newContext();
    const value = await signToken(server.secret, "ada", { rooms: ["elsewhere"] });
    await context.addCookies([{ name: "session", value, url: server.url, httpOnly: true }]);
    const { page } = await Tab.open(context, server.url, "forbidden");
    await page.getByRole("heading", { name: "This room is not open to you" }).waitFor();
    expect(await page.getByRole("button", { name: "Join again" }).count()).toBe(0);
    await page.getByRole("button", { name: "Sign in as someone else" }).click();
    await page.getByRole("heading", { name: "Join forbidden" }).waitFor();
  });

  it("follows the newest sign-in of any tab, however late its answers come", async () => {
    const context = await browser.newContext();
    const first = await Tab.open(context, server.url, "follow");
    const second = await Tab.open(context, server.url, "follow");
    await second.page.getByLabel("Your name").waitFor();
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    let asked = 0;
    await second.page.route("**/demo/me", async (route) => {
      const response = await route.fetch();
      asked++;
      await released;
      await route.fulfill({ response });
    });
    await first.signIn("Ada");
    await eventually(() => expect(asked).toBe(1));
    await first.signOut();
    await eventually(() => expect(asked).toBe(2));
    await first.signIn("Grace");
    await eventually(() => expect(asked).toBe(3));
    release();
    await second.sees({ Ada: "offline", Grace: "online, 2 tabs" });
    await first.sees({ Ada: "offline", Grace: "online, 2 tabs" });
  });

  it("works by keyboard alone", async () => {
    const tab = await Tab.open(await browser.newContext(), server.url, "keys");
    const { page } = tab;
    await page.getByLabel("Your name").waitFor();
    await page.keyboard.type("Ada");
    await page.keyboard.press("Enter");
    await tab.sees({ Ada: "online" });

    await press(page, "Tab", "input[aria-label=Automatic]");
    for (const _ of ["Online", "Away", "Busy"]) await page.keyboard.press("ArrowDown");
    await tab.sees({ Ada: "busy" });

    await press(page, "Shift+Tab", ".top button");
    await page.keyboard.press("Enter");
    await page.getByLabel("Your name").waitFor();
    expect(await page.locator("[data-member]").count()).toBe(0);
  });

  it("fits a phone of 360 pixels, one of 320 whose network is cut, and a name and a room without end", async () => {
    const context = await browser.newContext({ viewport: { width: 360, height: 640 } });
    const room = "r".repeat(128);
    const tab = await Tab.open(context, server.url, room);
    const width = () => tab.page.evaluate(() => document.documentElement.scrollWidth);
    expect(await width()).toBe(360);

    const name = "W".repeat(40);
    await tab.signIn(name);
    const another = await tab.openAnother();
    await another.sees({ [name]: "online, 2 tabs" });
    expect(await width()).toBe(360);

    await tab.page.bringToFront();
    await tab.page.setViewportSize({ width: 320, height: 640 });
    await tab.page.getByRole("button", { name: "Cut the network" }).click();
    await tab.page.getByText("1 online when last heard").waitFor();
    expect(await width()).toBe(320);
  });

  it("moves nothing on a phone while people come in", async () => {
    for (const name of ["Ada", "Alan", "Grace"]) {
      const tab = await Tab.enter(browser, server.url, "still", name);
      await tab.agrees(({ members }) => expect(members.at(-1)?.name).toBe(name));
    }
    const context = await browser.newContext({ viewport: { width: 360, height: 640 } });
    await context.request.post(`${server.url}/demo/sign-in`, { data: { name: "Zoe" } });
    await context.addInitScript(() => {
      const shifts: number[] = [];
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) shifts.push((entry as LayoutShift).value);
      }).observe({ type: "layout-shift", buffered: true });
      Object.assign(window, { shifts });
    });
    const tab = await Tab.open(context, server.url, "still");
    await tab.sees({ Ada: "online", Alan: "online", Grace: "online", Zoe: "online" });
    await tab.page.getByText("On the wire").waitFor();
    const shifts = await tab.page.evaluate(
      () => (window as unknown as { shifts: number[] }).shifts,
    );
    expect(shifts.reduce((sum, shift) => sum + shift, 0)).toBeLessThan(0.01);
  });

  it("asks for no room that cannot be", async () => {
    const page = await browser.newPage();
    const asked: string[] = [];
    page.on("request", (request) => asked.push(new URL(request.url()).pathname));
    await page.goto(new URL("/in/no%20such%20room", server.url).href);
    await page.getByRole("heading", { name: "No room has this name" }).waitFor();
    expect(asked.filter((path) => path.startsWith("/rooms/"))).toEqual([]);
  });

  it("says that a session has ended, and lets its person in again", async () => {
    const context = await browser.newContext();
    const now = Math.floor(Date.now() / 1_000);
    const endSession = async (exp: number) => {
      const value = await signToken(server.secret, "ada", { name: "Ada", exp });
      await context.addCookies([{ name: "session", value, url: server.url, httpOnly: true }]);
    };
    await endSession(now + 3_600);
    const tab = await Tab.open(context, server.url, "short");
    await tab.sees({ Ada: "online" });

    await endSession(now - 60);
    for (const what of ["Cut", "Mend"]) {
      await tab.page.getByRole("button", { name: `${what} the network` }).click();
    }
    await tab.page.getByText("Your session has ended.").waitFor();
    await tab.page.getByRole("button", { name: "Sign in again" }).click();
    await tab.signIn("Ada anew");
    const { online } = await tab.sees({ Ada: "offline", "Ada anew": "online" });
    expect(online).toBe(1);
  });

  it("shows who is typing, to all, and not what", async () => {
    const ada = await Tab.enter(browser, server.url, "typing", "Ada");
    const grace = await Tab.enter(browser, server.url, "typing", "Grace");
    await grace.sees({ Ada: "online", Grace: "online" });

    const field = ada.page.getByLabel("Type something");
    const typing = grace.page.locator("[data-member]", { hasText: "Ada" }).getByText("typing…");
    await eventually(async () => {
      await field.pressSequentially("secret");
      expect(await typing.count()).toBe(1);
    });
    await field.blur();
    await typing.waitFor({ state: "detached" });
    expect(JSON.stringify(grace.frames)).not.toContain("secret");
  });

  it("[L4.2] cuts its network for real, and catches up when it is mended", async () => {
    const ada = await Tab.enter(browser, server.url, "cut", "Ada");
    const grace = await Tab.enter(browser, server.url, "cut", "Grace");
    await ada.sees({ Ada: "online", Grace: "online" });
    await ada.page.getByText("Connected", { exact: true }).waitFor();

    await ada.page.getByRole("button", { name: "Cut the network" }).click();
    await ada.page.getByText("Reconnecting", { exact: true }).waitFor();
    await grace.sees({ Ada: "offline", Grace: "online" });
    await grace.choose("Busy");
    await grace.sees({ Ada: "offline", Grace: "busy" });
    expect((await shownOn(ada.page)).members.map(({ status }) => status)).toEqual([
      "online",
      "online",
    ]);

    await ada.page.getByRole("button", { name: "Mend the network" }).click();
    await ada.sees({ Ada: "online", Grace: "busy" });
  });

  it("opens a second room beside the first, with a status of its own there, and keeps it over a reload", async () => {
    const tab = await Tab.enter(browser, server.url, "first", "Ada");
    const { page } = tab;
    await page.getByLabel("A second room").fill("second");
    await page.getByRole("button", { name: "Open", exact: true }).click();
    const beside = page.getByRole("region", { name: "Beside: second" });
    await beside.getByLabel("Your status here").selectOption("Busy");
    await beside.locator("[data-status=busy]").first().waitFor();
    await page.reload();
    await beside.locator("[data-status=busy]").first().waitFor();
    await page.locator("main [data-member][data-status=online]").waitFor();
    expect(new URL(page.url()).search).toBe("?beside=second");

    await page.getByRole("button", { name: "Close" }).click();
    await beside.waitFor({ state: "detached" });
    await tab.sees({ Ada: "online" });
  });

  it("logs every frame that comes and goes", async () => {
    const tab = await Tab.enter(browser, server.url, "wire", "Ada");
    await tab.sees({ Ada: "online" });
    await tab.choose("Busy");
    await tab.sees({ Ada: "busy" });
    const types = tab.page.getByRole("region", { name: "Frames" }).locator("b");
    await eventually(async () => {
      const logged = await types.allTextContents();
      const arrived = tab.frames.map(({ type }) => type).toReversed();
      expect(logged.filter((type) => type !== "update" && type !== "pong")).toEqual(arrived);
      expect(logged).toContain("update");
    });
  });

  it("offers to copy the link, and says so", async () => {
    const context = await browser.newContext({
      permissions: ["clipboard-read", "clipboard-write"],
    });
    const tab = await Tab.open(context, server.url, "link");
    await tab.signIn("Ada");
    await tab.page.getByRole("button", { name: "Copy link" }).click();
    await tab.page.getByText("Link copied").waitFor();
    const copied = await tab.page.evaluate(() => navigator.clipboard.readText());
    expect(copied).toBe(new URL("/in/link", server.url).href);
  });
});
