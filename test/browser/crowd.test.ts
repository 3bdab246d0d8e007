import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { TEAM } from "../../web-demo/team.ts";
import { RawClient, signToken } from "../e2e/client-kit.ts";
import { type Server, startServer } from "../e2e/server.ts";
import { closeContexts, openBrowser } from "./browser.ts";
import { eventually, Tab } from "./tab.ts";

let server: Server;
let browser: Browser;
const others: RawClient[] = [];

beforeAll(async () => {
  [server, browser] = await Promise.all([
    startServer({ env: "demo", vars: { GRACE_SECONDS: "0" } }),
    openBrowser(),
  ]);
});

afterEach(async () => {
  for (const { ws } of others.splice(0)) ws.terminate();
  await closeContexts(browser);
});

afterAll(() => server?.stop());

async function join(room: string, id: string, name: string): Promise<RawClient> {
  const client = await RawClient.join(server, room, await signToken(server.secret, id, { name }));
  others.push(client);
  return client;
}

describe("a room of 200", { timeout: 600_000 }, () => {
  it("fits into its card, yourself first, is searched, and folds those who were here", async () => {
    for (let next = 0; next < TEAM.length; next += 20) {
      const some = TEAM.slice(next, next + 20);
      await Promise.all(some.map(({ id, name }) => join("crowd", id, name)));
    }
    const mary = await join("crowd", "mary", "Mary Jackson");
    await mary.request({ type: "leave" });
    const { page } = await Tab.enter(browser, server.url, "crowd", "Zoe");
    await page.locator(".online", { hasText: "201 online" }).waitFor();

    const rows = page.locator("[data-member]");
    expect(await rows.count()).toBe(TEAM.length + 1);
    expect(await rows.first().textContent()).toContain("Zoeyou");
    const height = () => page.evaluate(() => document.documentElement.scrollHeight);
    expect(await height()).toBeLessThan(3000);

    await page.getByLabel("Find a person").fill(" GRACE h");
    await eventually(async () => expect(await rows.allTextContents()).toHaveLength(1));
    await page.getByText("1 of 202").waitFor();
    await page.getByLabel("Find a person").fill("nobody at all");
    await page.getByText("Nobody here has this name.").waitFor();
    await page.getByLabel("Find a person").fill("");

    const earlier = page.getByRole("button", { name: "Earlier 1" });
    expect(await earlier.getAttribute("aria-expanded")).toBe("false");
    await earlier.press("Enter");
    await page.getByText("Mary Jackson").waitFor();
    expect(await rows.count()).toBe(TEAM.length + 2);
  });
});

describe("the board", () => {
  it("names the five pointers that came last, and shows the others as dots", async () => {
    const { page } = await Tab.enter(browser, server.url, "board", "Zoe");
    const point = (client: RawClient, data: [number, number] | null) =>
      client.send({ type: "signal", name: "cursor", data });
    const early: RawClient[] = [];
    for (const { id, name } of TEAM.slice(0, 6)) early.push(await join("board", id, name));
    const late = await join("board", "late", "Late");
    // Those that are drawn, by name, and how clear each name is.
    const names = () =>
      page
        .locator(".pointer bdi")
        .evaluateAll((all) => all.map((n) => [n.textContent, getComputedStyle(n).opacity]));
    let attempts = 0;
    await eventually(async () => {
      // A pointer that rests is forgotten; one that leaves and comes back has come last.
      for (const [index, client] of early.entries()) point(client, [index / 8, 0.5]);
      point(late, attempts++ % 2 === 0 ? null : [0.9, 0.5]);
      const shown = await names();
      expect(shown).toHaveLength(7);
      expect(shown.at(-1)).toEqual(["Late", "1"]);
      expect(shown.map(([, opacity]) => opacity)).toEqual(["0", "0", "1", "1", "1", "1", "1"]);
    });
  });
});

describe("the status picker", () => {
  it("tells others nothing of the statuses that arrow keys pass over", async () => {
    const ada = await Tab.enter(browser, server.url, "arrows", "Ada");
    const grace = await Tab.enter(browser, server.url, "arrows", "Grace");
    await grace.sees({ Ada: "online", Grace: "online" });
    const before = grace.frames.length;
    const told = () => grace.deltasFrom(before).flatMap(({ set }) => set.map((m) => m.status));

    await ada.page.bringToFront();
    await ada.page.getByRole("radio", { name: "Automatic" }).focus();
    await ada.page.clock.install();
    await ada.page.clock.pauseAt(Date.now() + 60_000);
    for (const _ of ["Online", "Away", "Busy"]) await ada.page.keyboard.press("ArrowDown");
    expect(await ada.page.getByRole("radio", { name: "Busy" }).isChecked()).toBe(true);
    await ada.page.keyboard.press("Enter");
    await eventually(() => expect(told()).toEqual(["busy"]));

    await ada.page.keyboard.press("ArrowUp");
    // Once only: a page whose clock runs ahead waits for no pong.
    await ada.page.clock.runFor(600);
    await eventually(() => expect(told()).toEqual(["busy", "away"]));
  });
});

describe("the wire", () => {
  it("shows who changed first, without long ids, and the whole frame on demand", async () => {
    const { page } = await Tab.enter(browser, server.url, "lines", "Ada");
    await page.locator("[data-member]").waitFor();
    const grace = await join("lines", "grace", "Grace");
    const lines = page.getByRole("region", { name: "Frames" }).locator("summary");
    await lines
      .filter({ hasText: /delta\s*Grace online version \d+ → \d+, 2 online\s*\d+ B$/ })
      .waitFor();
    const shown = (await lines.allTextContents()).join("\n");
    expect(shown).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}/);

    const welcome = lines.filter({ hasText: "welcome" });
    await welcome.press("Enter");
    await page.getByText('"heartbeat": ').waitFor();

    await page.getByRole("button", { name: "Pause" }).click();
    const paused = await lines.count();
    await grace.request({ type: "update", status: "busy" });
    await page.getByRole("button", { name: /^Resume, [1-9]\d* new$/ }).waitFor();
    expect(await lines.count()).toBe(paused);
    await page.getByRole("button", { name: /^Resume/ }).click();
    await lines.filter({ hasText: "Grace busy" }).waitFor();
  });
});

describe("the demo", () => {
  it("says what it is, and leads to its texts and to its other pages", async () => {
    const context = await browser.newContext();
    const { page } = await Tab.open(context, server.url, "about");
    await page.getByText("Rollcall tells your app who is here, right now").waitFor();
    for (const [name, start] of [
      ["README", "# Rollcall"],
      ["SPEC", "# Rollcall: what it does, rule by rule"],
    ] as const) {
      const href = await page.getByRole("link", { name }).getAttribute("href");
      const response = await context.request.get(new URL(href!, server.url).href);
      expect(response.headers()["content-type"]).toBe("text/plain; charset=utf-8");
      expect((await response.text()).startsWith(start)).toBe(true);
    }
    await page.getByRole("link", { name: "Team" }).click();
    await page.getByRole("heading", { name: "Team" }).waitFor();
    await page.getByRole("link", { name: "Live" }).click();
    await page.getByRole("heading", { name: /watching/ }).waitFor();
    await page.goto(`${server.url}/see/nothing`);
    await page.getByRole("heading", { name: "There is no page here" }).waitFor();
    await page.getByText("/see/nothing").waitFor();
  });

  it("shows the code of its own components, and what they show", async () => {
    const { page } = await Tab.enter(browser, server.url, "code", "Ada");
    const code = page.getByRole("region", { name: "The code of this page" });
    await code.getByText('from "rollcall/react"').waitFor();
    await code.getByText("Ada: online", { exact: true }).waitFor();
    await join("code", "grace", "Grace");
    const result = code.locator(".result p");
    await eventually(async () =>
      expect(await result.textContent()).toMatch(/^(Ada: online, )?Grace: online(, Ada: online)?$/),
    );
  });
});
