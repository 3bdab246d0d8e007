import type { Browser, FrameLocator } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Delta } from "../../src/protocol/messages.ts";
import { RawClient, signToken } from "../e2e/client-kit.ts";
import { type Server, startServer } from "../e2e/server.ts";
import { closeContexts, openBrowser } from "./browser.ts";
import { eventually, Tab } from "./tab.ts";

/** Keeps a place for longer than any page needs. */
let patient: Server;
/** Keeps no place. */
let hasty: Server;
let browser: Browser;
let rooms = 0;

beforeAll(async () => {
  [patient, hasty, browser] = await Promise.all([
    startServer({ env: "demo", vars: { GRACE_SECONDS: "60" } }),
    startServer({ env: "demo", vars: { GRACE_SECONDS: "0" } }),
    openBrowser(),
  ]);
});

afterEach(() => closeContexts(browser));

afterAll(async () => {
  await Promise.all([patient?.stop(), hasty?.stop()]);
});

interface Gathered {
  ada: Tab;
  /** A third person, on a page that nothing is done to. */
  grace: Tab;
  /** The second viewer within Ada's page. */
  robin: FrameLocator;
}

const counts = (page: Pick<FrameLocator, "locator">, online: number) =>
  page.locator(".online", { hasText: `${online} online` }).waitFor();

/** Ada, with company in one click, and Grace. */
async function gather({ url }: Server): Promise<Gathered> {
  const room = `company-${++rooms}`;
  const grace = await Tab.enter(browser, url, room, "Grace");
  await grace.sees({ Grace: "online" });
  const ada = await Tab.enter(browser, url, room, "Ada");
  await grace.sees({ Ada: "online", Grace: "online" });
  await ada.page.getByRole("button", { name: "Open a second viewer" }).click();
  const robin = ada.page.frameLocator("iframe");
  await counts(robin, 3);
  await ada.sees({ Ada: "online", Grace: "online", Robin: "online" });
  await grace.sees({ Ada: "online", Grace: "online", Robin: "online" });
  return { ada, grace, robin };
}

const isAbout = (name: string) => (delta: Delta) =>
  delta.set.some((member) => member.name === name);

const button = (page: Pick<FrameLocator, "getByRole">, name: string) =>
  page.getByRole("button", { name, exact: true });

/** A page with another in it, on a busy machine. */
const BOUND = { timeout: 600_000 };

describe("the second viewer", BOUND, () => {
  it("[T2] is another person on the same page, who chooses for themselves and leaves at once", async () => {
    const { ada, grace, robin } = await gather(patient);
    await robin.getByLabel("Your status here").selectOption("Busy");
    await grace.sees({ Ada: "online", Grace: "online", Robin: "busy" });
    await ada.choose("Away");
    await robin.locator("[data-member][data-status=away]", { hasText: "Ada" }).waitFor();

    await button(robin, "Leave").click();
    await grace.sees({ Ada: "away", Grace: "online", Robin: "offline" });
    await ada.page.locator("iframe").waitFor({ state: "detached" });
    // The focus stays at the place, for whoever has no pointer.
    await ada.page
      .getByRole("button", { name: "Open a second viewer" })
      .and(ada.page.locator(":focus"))
      .waitFor();
    await ada.page.keyboard.press("Enter");
    await ada.page.locator(".viewer:focus").waitFor();
    // The same person, with what they chose.
    const { online } = await grace.sees({ Ada: "away", Grace: "online", Robin: "busy" });
    expect(online).toBe(3);
  });

  it("[L4.2, V1] comes back with a page that is reloaded, and others are told nothing", async () => {
    const { ada, grace, robin } = await gather(patient);
    const before = grace.frames.length;
    const { version } = await grace.read();
    await button(ada.page, "Reload this page").click();
    await ada.page.getByText("Others were told 0 frames about it.").waitFor();
    await ada.page.getByText(`The room is still at version ${version}.`).waitFor();
    await counts(robin, 3);

    // Whatever Grace was sent before this, she has got.
    await ada.choose("Busy");
    await grace.sees({ Ada: "busy", Grace: "online", Robin: "online" });
    const told = grace.deltasFrom(before).flatMap(({ set }) => set);
    expect(told.map(({ name, status }) => `${name} ${status}`)).toEqual(["Ada busy"]);
  });

  it("[L4.3] says how many frames others were told if no place is kept", async () => {
    const { ada, grace } = await gather(hasty);
    const before = grace.frames.length;
    await button(ada.page, "Reload this page").click();
    const words = ada.page.getByText(/Others were told up to \d+ frames? about it\./);
    await words.waitFor();
    const said = Number(/\d+(?= frame)/.exec((await words.textContent())!)![0]);
    await grace.sees({ Ada: "online", Grace: "online", Robin: "online" });
    const told = grace.deltasFrom(before).filter(isAbout("Ada"));
    expect(told.length).toBeGreaterThan(0);
    expect(told.length).toBeLessThanOrEqual(said);
  });

  it("[L4.2] counts down while it still sees a person whose network is cut, and is told nothing if it is mended in time", async () => {
    const { ada, grace, robin } = await gather(patient);
    const before = grace.frames.length;
    await button(ada.page, "Cut the network").click();
    await ada.page.getByText("Robin still sees you as online.").waitFor();
    await ada.page.getByText(/for [1-5]\d\ss more/).waitFor();
    await ada.page.getByText("3 online when last heard").waitFor();
    await ada.page.getByText("Nobody sees your pointer at the moment.").waitFor();
    // Whoever has cut it knows, and looks at what a notice would cover.
    expect(await ada.page.getByText("What you see may be old.").count()).toBe(0);
    expect(await ada.page.locator(".online").first().getAttribute("data-lit")).toBe("false");
    await robin.locator("[data-member][data-status=online]", { hasText: "Ada" }).waitFor();

    await button(ada.page, "Mend the network").click();
    await ada.page.getByText("Robin was told 0 frames.").waitFor();
    await ada.page.getByText("Move your pointer here: everybody sees it move.").waitFor();
    await ada.choose("Busy");
    await grace.sees({ Ada: "busy", Grace: "online", Robin: "online" });
    expect(grace.deltasFrom(before)).toHaveLength(1);
  });

  it("[L4.3] shows when it sees them go, and counts what it was told until they are back", async () => {
    const { ada, grace, robin } = await gather(hasty);
    const before = grace.frames.length;
    await button(ada.page, "Cut the network").click();
    await ada.page.getByText("Robin sees you as offline.").waitFor();
    await robin.locator("[data-member][data-status=offline]", { hasText: "Ada" }).waitFor();
    await button(ada.page, "Mend the network").click();
    await ada.page.getByText("Robin was told 2 frames.").waitFor();
    await grace.sees({ Ada: "online", Grace: "online", Robin: "online" });
    expect(grace.deltasFrom(before).filter(isAbout("Ada"))).toHaveLength(2);
  });

  it("sees where a person points, by name and in the colour of their row, until the pointer leaves", async () => {
    const { ada, grace, robin } = await gather(patient);
    for (const page of [robin, grace.page]) {
      const hue = await page
        .locator("[data-member]", { hasText: "Ada" })
        .locator(".avatar")
        .evaluate((avatar) => avatar.style.getPropertyValue("--hue"));
      let x = 60;
      await eventually(async () => {
        // One that does not move is soon gone.
        await ada.page.locator(".board").hover({ position: { x: ++x, y: 40 } });
        const shown = await page
          .locator(".pointer")
          .evaluate(
            (pointer) => [pointer.textContent, pointer.style.getPropertyValue("--pointer")],
            null,
            { timeout: 2000 },
          );
        expect(shown).toEqual(["Ada", expect.stringContaining(` ${hue})`)]);
      });
    }
    await ada.page.locator(".composer input").hover();
    await robin.locator(".pointer").waitFor({ state: "detached" });
    await grace.page.locator(".pointer").waitFor({ state: "detached" });
  });

  it("shows the visitor what becomes of a person whose own page is cut or reloaded", async () => {
    const { ada, robin } = await gather(patient);
    await button(robin, "Cut the network").click();
    await robin.getByText("Ada still sees you as online.").waitFor();
    await button(robin, "Mend the network").click();
    await robin.getByText("Ada was told 0 frames.").waitFor();
    await button(robin, "Reload this page").click();
    await robin.getByText("Others were told 0 frames about it.").waitFor();
    const { online } = await ada.sees({ Ada: "online", Grace: "online", Robin: "online" });
    expect(online).toBe(3);
  });

  it("is as tall as its page, so that neither scrolls within the other nor ends above it", async () => {
    const { ada, robin } = await gather(patient);
    const [viewer] = ada.page.frames().slice(-1);
    const measure = () =>
      viewer!.evaluate(() => ({
        page: document.querySelector<HTMLElement>(".guest")!.offsetHeight,
        frame: innerHeight,
      }));
    await eventually(async () => {
      const { page, frame } = await measure();
      expect(Math.abs(frame - page)).toBeLessThanOrEqual(1);
    });
    const { page: before } = await measure();
    const others: RawClient[] = [];
    for (let index = 0; index < 8; index++) {
      const token = await signToken(patient.secret, `alan-${index}`, { name: `Alan ${index}` });
      others.push(await RawClient.join(patient, `company-${rooms}`, token));
    }
    await counts(robin, 11);
    await eventually(async () => {
      const { page, frame } = await measure();
      expect(page).toBeGreaterThan(before);
      expect(Math.abs(frame - page)).toBeLessThanOrEqual(1);
    });
    for (const { ws } of others) ws.terminate();
  });
});
