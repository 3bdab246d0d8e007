import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Server, startServer } from "../e2e/server.ts";
import { closeContexts, openBrowser } from "./browser.ts";
import { eventually, Tab } from "./tab.ts";

/** For those who wait for its end. */
const SHORT_GRACE_MS = 3_000;

let server: Server;
/** One where the grace period ends while a page is waited for. */
let hasty: Server;
let browser: Browser;
let rooms = 0;

beforeAll(async () => {
  [server, hasty, browser] = await Promise.all([
    // Longer than a page is waited for.
    startServer({ env: "demo", vars: { GRACE_SECONDS: "60" } }),
    startServer({ env: "demo", vars: { GRACE_SECONDS: String(SHORT_GRACE_MS / 1_000) } }),
    openBrowser(),
  ]);
});

afterEach(() => closeContexts(browser));

afterAll(async () => {
  await Promise.all([server?.stop(), hasty?.stop()]);
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

/** Waits until the room has noticed that a person's page was reloaded or closed. */
async function untilLost({ logs }: Server, user: string): Promise<void> {
  await eventually(() => {
    const leaves = logs.map((line) => JSON.parse(line) as Record<string, string>);
    const lost = leaves.filter(({ event, reason, ...rest }) => {
      return event === "leave" && reason === "closed" && rest["user"] === user;
    });
    expect(lost.length).toBeGreaterThan(0);
  });
}

describe("a room's pages", () => {
  it("[M4] [W4] shows who comes, and counts tabs without a change of status", async () => {
    const [ada, grace] = (await gatherAt(hasty.url, "Ada", "Grace")) as [Tab, Tab];

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
    const [ada, grace] = (await gatherAt(hasty.url, "Ada", "Grace")) as [Tab, Tab];
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
    await untilLost(hasty, members[0]!.id);
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
    const { members } = await ada.sees({ Ada: "online", Grace: "online" });
    await untilLost(server, members[0]!.id);
    // No place is in its grace period, so nothing can come of it later (SPEC R4.1).
    expect((await grace.read()).connections).toBe(2);

    expect(grace.frames.slice(before)).toEqual([]);
    expect(await changes()).toEqual([]);
    expect((await grace.read()).version).toBe(version);
    await grace.sees({ Ada: "online", Grace: "online" });
  });

  it("[L4.3, R4.3] shows a closed window as gone after the grace, since it was closed", async () => {
    const [ada, grace] = (await gatherAt(hasty.url, "Ada", "Grace")) as [Tab, Tab];
    const before = grace.frames.length;

    const closedAt = Date.now();
    await ada.closeWindow();
    const shown = await grace.sees({ Ada: "offline", Grace: "online" });

    const lastOnline = Date.parse(shown.members[0]?.lastOnline ?? "");
    expect(lastOnline).toBeGreaterThanOrEqual(closedAt);
    expect(lastOnline).toBeLessThanOrEqual(Date.now() - SHORT_GRACE_MS);
    expect(grace.deltasFrom(before)).toHaveLength(1);
    expect(await grace.page.getByText("last online just now").count()).toBe(1);
  });

  it("[W10] shows who signs out as gone at once, in all their tabs", async () => {
    const [ada, grace] = (await gather("Ada", "Grace")) as [Tab, Tab];
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
