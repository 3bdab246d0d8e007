import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type Server, startServer } from "../e2e/server.ts";
import { launchBrowser } from "./browser.ts";
import { eventually, Tab } from "./tab.ts";

const GRACE_MS = 3000;

let server: Server;
let browser: Browser;
let rooms = 0;

beforeAll(async () => {
  [server, browser] = await Promise.all([
    startServer({ env: "demo", vars: { GRACE_SECONDS: String(GRACE_MS / 1000) } }),
    launchBrowser(),
  ]);
});

afterEach(() => Promise.all(browser.contexts().map((context) => context.close())));

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

/** Lets people join a separate room, one after the other. */
function gather(...names: string[]): Promise<Tab[]> {
  return gatherAt(server.url, ...names);
}

async function gatherAt(url: string, ...names: string[]): Promise<Tab[]> {
  const room = `room-${++rooms}`;
  const tabs: Tab[] = [];
  for (const name of names) {
    const tab = await Tab.enter(browser, url, room, name);
    tabs.push(tab);
    const soFar = Object.fromEntries(names.slice(0, tabs.length).map((each) => [each, "online"]));
    await Promise.all(tabs.map((each) => each.sees(soFar)));
  }
  return tabs;
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe("a room's pages", () => {
  it("[M4] [W4] shows who comes, and counts tabs without a change of status", async () => {
    const [ada, grace] = (await gather("Ada", "Grace")) as [Tab, Tab];

    const another = await ada.openAnother();
    for (const tab of [ada, grace, another]) {
      await tab.sees({ Ada: "online, 2 tabs", Grace: "online" });
    }

    await another.page.close();
    for (const tab of [ada, grace]) await tab.sees({ Ada: "online", Grace: "online" });

    const statuses = grace.deltasFrom(0).flatMap(({ set }) => set.map(({ status }) => status));
    expect(new Set(statuses)).toEqual(new Set(["online"]));
  });

  it("[M1] [M2] shows a chosen status to all, and keeps it over a reload", async () => {
    const [ada, grace] = (await gather("Ada", "Grace")) as [Tab, Tab];
    const another = await ada.openAnother();
    await grace.sees({ Ada: "online, 2 tabs", Grace: "online" });

    await ada.choose("Busy");
    for (const tab of [ada, grace, another]) {
      await tab.sees({ Ada: "busy, 2 tabs", Grace: "online" });
    }
    const picked = another.page.getByRole("radio", { name: "Busy" });
    await eventually(async () => expect(await picked.isChecked()).toBe(true));

    await another.page.reload();
    await eventually(async () => expect(await picked.isChecked()).toBe(true));
    await another.sees({ Ada: "busy, 2 tabs", Grace: "online" });

    await another.choose("Automatic");
    for (const tab of [ada, grace, another]) {
      await tab.sees({ Ada: "online, 2 tabs", Grace: "online" });
    }
  });

  it("[M3.1] shows who appears offline as gone, to themselves too, and tells nobody more", async () => {
    const [ada, grace] = (await gather("Ada", "Grace")) as [Tab, Tab];
    const before = grace.frames.length;

    await ada.choose("Appear offline");
    await grace.sees({ Ada: "offline", Grace: "online" });
    const { members } = await ada.sees({ Ada: "offline", Grace: "online" });
    expect(members[0]?.lastOnline).not.toBeNull();
    await ada.page.getByText("You appear offline.").waitFor();

    const hidden = grace.frames.length;
    const changes = await grace.watch();
    const another = await ada.openAnother();
    await another.sees({ Ada: "offline", Grace: "online" });
    await another.page.getByText("You appear offline.").waitFor();
    await another.page.close();
    await ada.page.reload();
    await ada.page.getByText("You appear offline.").waitFor();
    await wait(GRACE_MS + 500);
    expect(grace.frames.slice(hidden)).toEqual([]);
    expect(await changes()).toEqual([]);
    expect(JSON.stringify(grace.frames.slice(before))).not.toContain("chosen");

    await ada.choose("Away");
    for (const tab of [ada, grace]) await tab.sees({ Ada: "away", Grace: "online" });
  });

  it("[L4.2, V1] shows nobody that a page was reloaded", async () => {
    const [ada, grace] = (await gather("Ada", "Grace")) as [Tab, Tab];
    const before = grace.frames.length;
    const { version } = await grace.read();
    const changes = await grace.watch();

    await ada.page.reload();
    await ada.sees({ Ada: "online", Grace: "online" });
    // The reload has left no trace only after the grace period.
    await wait(GRACE_MS + 500);

    expect(grace.frames.slice(before)).toEqual([]);
    expect(await changes()).toEqual([]);
    expect((await grace.read()).version).toBe(version);
    await grace.sees({ Ada: "online", Grace: "online" });
  });

  it("[L4.3, R4.3] shows a closed window as gone after the grace, since it was closed", async () => {
    const [ada, grace] = (await gather("Ada", "Grace")) as [Tab, Tab];
    const before = grace.frames.length;

    const closedAt = Date.now();
    await ada.closeWindow();
    const shown = await grace.sees({ Ada: "offline", Grace: "online" });

    expect(Date.now() - closedAt).toBeGreaterThanOrEqual(GRACE_MS);
    const lastOnline = Date.parse(shown.members[0]?.lastOnline ?? "");
    expect(Math.abs(lastOnline - closedAt)).toBeLessThan(GRACE_MS / 2);
    expect(grace.deltasFrom(before)).toHaveLength(1);
    expect(await grace.page.getByText("last online just now").count()).toBe(1);
  });

  it("[W10] shows who signs out as gone at once, in all their tabs", async () => {
    // Longer than a page is waited for.
    const patient = await startServer({ env: "demo", vars: { GRACE_SECONDS: "60" } });
    onTestFinished(() => patient.stop());
    const [ada, grace] = (await gatherAt(patient.url, "Ada", "Grace")) as [Tab, Tab];
    const another = await ada.openAnother();
    await grace.sees({ Ada: "online, 2 tabs", Grace: "online" });

    await ada.signOut();
    await grace.sees({ Ada: "offline", Grace: "online" });
    for (const { page } of [ada, another]) await page.getByLabel("Your name").waitFor();
    expect(await ada.page.context().cookies()).toEqual([]);
  });

  it("keeps two people of the same name apart", async () => {
    const ada = await Tab.enter(browser, server.url, "namesakes", "Ada");
    const otherAda = await Tab.enter(browser, server.url, "namesakes", "Ada");
    for (const tab of [ada, otherAda]) {
      const { members } = await tab.agrees((shown) => expect(shown.online).toBe(2));
      expect(members.map(({ name }) => name)).toEqual(["Ada", "Ada"]);
    }
  });
});
