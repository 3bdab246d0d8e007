import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Server, startServer } from "../e2e/server.ts";
import { closeContexts, openBrowser } from "./browser.ts";
import { eventually, Tab } from "./tab.ts";

/** The pages wait a random time of up to a few seconds, before they come back. */
const DEMO = { env: "demo", vars: { GRACE_SECONDS: "25" } } as const;

let server: Server;
let browser: Browser;

beforeAll(async () => {
  [server, browser] = await Promise.all([startServer(DEMO), openBrowser()]);
});

afterAll(async () => {
  await closeContexts(browser);
  await server?.stop();
});

it("[L6.1, V3] brings every page back after a crash, and nobody who returns looked gone", async () => {
  const ada = await Tab.enter(browser, server.url, "lobby", "Ada");
  const grace = await Tab.enter(browser, server.url, "lobby", "Grace");
  const alan = await Tab.enter(browser, server.url, "lobby", "Alan");
  await grace.choose("Busy");
  const everybody = { Ada: "online", Alan: "online", Grace: "busy" };
  for (const tab of [ada, grace, alan]) await tab.sees(everybody);

  const changes = await ada.watch();
  const before = ada.frames.length;
  await server.kill();
  for (const { page } of [ada, grace, alan]) await page.getByText("Reconnecting…").waitFor();
  await alan.closeWindow();
  const { persist, port } = server;
  server = await startServer({ ...DEMO, persist, port });

  for (const { page } of [ada, grace]) {
    await page.getByText("Reconnecting…").waitFor({ state: "detached" });
  }
  await eventually(() => {
    expect(ada.frames.slice(before).map(({ type }) => type)).toEqual(["welcome", "delta"]);
  });
  // While it is cut, the page says how old its count is.
  const others = (await changes()).filter(
    (change) => !/: 3 online( when last heard)?$/.test(change),
  );
  expect(others).toEqual([]);
  for (const tab of [ada, grace]) await tab.sees(everybody);

  const afterwards = { Ada: "online", Alan: "offline", Grace: "busy" };
  for (const tab of [ada, grace]) await tab.sees(afterwards);
  const alive = ada
    .deltasFrom(before)
    .flatMap(({ set }) => set.filter(({ name }) => name !== "Alan"));
  expect(alive).toEqual([]);

  await ada.choose("Away");
  for (const tab of [ada, grace]) await tab.sees({ ...afterwards, Ada: "away" });
});
