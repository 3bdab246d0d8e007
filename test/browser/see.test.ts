import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { TEAM } from "../../web-demo/team.ts";
import { signToken } from "../e2e/client-kit.ts";
import { Proxy } from "../e2e/proxy.ts";
import { type Server, startServer } from "../e2e/server.ts";
import { closeContexts, openBrowser } from "./browser.ts";
import { eventually, Tab } from "./tab.ts";

let server: Server;
let browser: Browser;

beforeAll(async () => {
  [server, browser] = await Promise.all([
    startServer({ env: "demo", vars: { GRACE_SECONDS: "0" } }),
    openBrowser(),
  ]);
});

afterEach(() => closeContexts(browser));

afterAll(() => server?.stop());

async function open(path: string): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  await page.goto(server.url + path);
  return page;
}

const statusOf = (page: Page, name: string) =>
  page.locator(".mate", { hasText: name }).getAttribute("data-status");

describe("the demo's page of", () => {
  it("[K27.3, S3.1] a live room counts who looks, of whom nobody has signed in", async () => {
    const page = await open("/see/live");
    await page.getByRole("heading", { name: "1 watching" }).waitFor();
    await open("/see/live");
    await page.getByRole("heading", { name: "2 watching" }).waitFor();
    await eventually(async () => expect(await page.title()).toBe("2 watching · Rollcall"));
    const ada = await Tab.enter(browser, server.url, "live", "Ada");
    await page.getByText("In the room: 1.").waitFor();
    // She sees nobody but herself.
    await ada.sees({ Ada: "online" });
  });

  it("a live room says that its counts may be old, until the service answers again", async () => {
    const proxy = await Proxy.before(server.port);
    try {
      const page = await (await browser.newContext()).newPage();
      await page.goto(`http://127.0.0.1:${proxy.port}/see/live`);
      await page.getByRole("heading", { name: "1 watching" }).waitFor();
      const notice = page.getByText("What you see may be old.");
      expect(await notice.count()).toBe(0);
      proxy.mode = "refuse";
      proxy.cut();
      await notice.waitFor();
      proxy.mode = "pass";
      // Without it, the next attempt may be 30 s away.
      await page.evaluate(() => dispatchEvent(new Event("online")));
      await notice.waitFor({ state: "detached" });
    } finally {
      await proxy.stop();
    }
  });

  it("[K27.2] a team shows who of 200 is there, as they come, choose and go, and finds a name", async () => {
    const ada = await open("/see/team");
    await ada.getByRole("button", { name: "Ada Hamilton" }).click();
    await eventually(async () => expect(await statusOf(ada, "Ada Hamilton")).toBe("online"));
    expect(await ada.locator(".mate").count()).toBe(TEAM.length);

    const grace = await open("/see/team");
    await grace.getByLabel("Search").fill("grace h");
    await grace.getByRole("button", { name: "Grace Hamilton" }).click();
    await ada.getByText("2 online").waitFor();
    await eventually(async () => expect(await statusOf(ada, "Grace Hamilton")).toBe("online"));
    await grace.getByRole("button", { name: "Busy" }).click();
    await eventually(async () => expect(await statusOf(ada, "Grace Hamilton")).toBe("busy"));

    await ada.getByLabel("Search").fill(" GRACE H");
    await eventually(async () => expect(await ada.locator(".mate").count()).toBe(1));
    await grace.getByRole("button", { name: "Sign out" }).click();
    await eventually(async () => expect(await statusOf(ada, "Grace Hamilton")).toBe("offline"));
    await ada.getByLabel("Search").fill("nobody at all");
    await ada.getByText("Nobody here has this name.").waitFor();
  });

  it("a team says why nobody can be chosen, and that the room is not open to a person", async () => {
    const page = await open("/see/team");
    const url = "**/demo/sign-in";
    await page.route(url, (route) => route.fulfill({ status: 502, body: "Bad gateway" }));
    await page.getByRole("button", { name: "Ada Hamilton" }).click();
    await page.getByRole("alert").getByText("it answered 502").waitFor();
    await page.unroute(url);

    const value = await signToken(server.secret, "ada", { name: "Ada", rooms: ["elsewhere"] });
    const cookie = { name: "session", value, url: server.url, httpOnly: true };
    await page.context().addCookies([cookie]);
    await page.reload();
    await page.getByRole("heading", { name: "This room is not open to you" }).waitFor();
    expect(await page.locator(".mate").count()).toBe(0);
    await page.getByRole("button", { name: "Sign in as someone else" }).click();
    await page.getByRole("button", { name: "Ada Hamilton" }).click();
    await page.getByText("1 online").waitFor();

    await page.route("**/demo/me", (route) => route.abort());
    await page.reload();
    await page.getByRole("heading", { name: "Nobody answers" }).waitFor();
  });
});
