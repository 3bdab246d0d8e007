import { randomBytes } from "node:crypto";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { RawClient, signToken } from "../e2e/client-kit.ts";
import { type Server, startServer } from "../e2e/server.ts";
import { closeContexts, openBrowser } from "./browser.ts";
import { eventually } from "./tab.ts";

let server: Server;
let browser: Browser;
const others: RawClient[] = [];

beforeAll(async () => {
  const vars = { GRACE_SECONDS: "0", SERVER_KEY: randomBytes(32).toString("base64url") };
  [server, browser] = await Promise.all([startServer({ env: "demo", vars }), openBrowser()]);
});

afterEach(async () => {
  for (const { ws } of others.splice(0)) ws.terminate();
  await closeContexts(browser);
});

afterAll(() => server?.stop());

async function enter(name: string): Promise<{ context: BrowserContext; page: Page }> {
  const context = await browser.newContext();
  await context.request.post(`${server.url}/demo/sign-in`, { data: { name } });
  const page = await context.newPage();
  await page.goto(`${server.url}/see/large`);
  return { context, page };
}

/** A figure of the hub, by its name. */
const hub = (page: Page, name: string) =>
  page.locator(".hub dl > div", { hasText: name }).locator("dd").textContent();

/** What each shard shows by this name. */
const shards = (page: Page, name: string) =>
  page.locator(".shard dl > div", { hasText: name }).locator("dd:not(.bar)").allTextContents();

const sum = (texts: string[]) => texts.reduce((all, text) => all + Number.parseInt(text), 0);

describe("the demo's page of a large room", { timeout: 600_000 }, () => {
  it("[N5.2] shows what the hub and each shard know, as people come, choose and go", async () => {
    const { page } = await enter("Ada");
    await eventually(async () => {
      expect(await hub(page, "Online")).toBe("1");
      expect(await shards(page, "Keeps")).toHaveLength(4);
      expect(sum(await shards(page, "Keeps"))).toBe(1);
      expect(sum(await shards(page, "Sockets"))).toBe(1);
    });
    const yours = page.locator('.shard[data-yours="true"]');
    expect(await yours.count()).toBe(1);
    await yours.getByText("Ada, Online").waitFor({ state: "attached" });

    for (let n = 0; n < 8; n++) {
      const token = await signToken(server.secret, `grace-${n}`, { name: `Grace ${n}` });
      others.push(await RawClient.join(server, "everyone", token));
    }
    await eventually(async () => {
      expect(await hub(page, "Online")).toBe("9");
      expect(sum(await shards(page, "Keeps"))).toBe(9);
      // Whoever keeps a part of it knows all of it.
      for (const text of await shards(page, "Knows"))
        expect(["9 people", "no copy"]).toContain(text);
    });
    const version = Number(await hub(page, "Version"));
    await page.getByRole("button", { name: "Busy" }).click();
    await yours.getByText("Ada, Busy").waitFor({ state: "attached" });
    await eventually(async () =>
      expect(Number(await hub(page, "Version"))).toBeGreaterThan(version),
    );
  });

  it("[N5.2, T2] lets people in who come from the page, and has them leave", async () => {
    const { page } = await enter("Grace");
    await page.getByRole("button", { name: "Let 12 people in" }).click();
    await eventually(async () => {
      expect(await hub(page, "Online")).toBe("13");
      expect(sum(await shards(page, "Sockets"))).toBe(13);
    });
    await page.getByText("13 online").waitFor();
    await page.getByRole("button", { name: "Let them leave" }).click();
    await eventually(async () => expect(await hub(page, "Online")).toBe("1"));
    await page.getByText("1 online").waitFor();
  });

  it("[B5.2] gives the figures to nobody who has not signed in, and asks who that is", async () => {
    const context = await browser.newContext();
    const refused = await context.request.get(`${server.url}/demo/stats`);
    expect(refused.status()).toBe(401);
    const page = await context.newPage();
    await page.goto(`${server.url}/see/large`);
    await page.getByLabel("Your name").fill("Eve");
    await page.getByRole("button", { name: "Join" }).click();
    await page.getByRole("heading", { name: "Hub" }).waitFor();
    expect(page.url()).toBe(`${server.url}/see/large`);
  });
});

it("says why there are no figures without a server key", async () => {
  const keyless = await startServer({ env: "demo" });
  try {
    const context = await browser.newContext();
    await context.request.post(`${keyless.url}/demo/sign-in`, { data: { name: "Ada" } });
    const page = await context.newPage();
    await page.goto(`${keyless.url}/see/large`);
    const alert = page.getByRole("alert");
    await alert.waitFor();
    expect(await alert.textContent()).toBe("This demo has no SERVER_KEY to ask with.");
  } finally {
    await keyless.stop();
  }
});
