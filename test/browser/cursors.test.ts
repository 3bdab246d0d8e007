import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { ServerFrame } from "../../src/protocol/messages.ts";
import { RawClient, signToken } from "../e2e/client-kit.ts";
import { type Server, startServer } from "../e2e/server.ts";
import { closeContexts, openBrowser } from "./browser.ts";
import { boardOf, cursorsOn, openBoard, pointUntil, untilHere } from "./cursors-page.ts";
import { bundleApp } from "./own-origin-app.ts";
import { eventually } from "./tab.ts";

let server: Server;
let browser: Browser;
let element: string;
let react: string;
let rooms = 0;

beforeAll(async () => {
  [server, browser, element, react] = await Promise.all([
    startServer({ vars: { GRACE_SECONDS: "0", SIGNALS: "true" } }),
    openBrowser(),
    bundleApp(join(import.meta.dirname, "../../src/cursors/index.ts")),
    bundleApp(join(import.meta.dirname, "apps/cursors-app.tsx")),
  ]);
});

afterEach(() => closeContexts(browser));

afterAll(() => server?.stop());

const newRoom = () => `cursors-${++rooms}`;
const open = (name: string, html: string, options = {}) =>
  openBoard({ browser, server, script: element }, name, html, options);

/** Somebody whose pointer the test moves by frames. */
async function enter(room: string, name: string): Promise<RawClient> {
  const token = await signToken(server.secret, name.toLowerCase(), { name });
  return RawClient.join(server, room, token);
}

/** Whether a pointer has told that it is nowhere. */
const isLifted = (frame: ServerFrame) =>
  frame.type === "signals" && frame.signals.some(({ data }) => data === null);

describe("<rollcall-cursors>", () => {
  it("[K31.1, K31.2, K31.3] shows where the others point, by name, and each their own colour", async () => {
    const room = newRoom();
    const { page: ada } = await open("Ada", boardOf(room));
    const { page: bob } = await open("Bob", boardOf(room));
    const { page: cid } = await open("Cid", boardOf(room));
    await pointUntil(ada, [100, 150], async () =>
      expect(await cursorsOn(cid)).toContainEqual(["ada", "Ada", 100, 150]),
    );
    const colors = () =>
      cid
        .locator("rollcall-cursors .cursor")
        .evaluateAll((all) => all.map((one) => getComputedStyle(one).color));
    const bothColors = async () => {
      let shown: string[] = [];
      await pointUntil(ada, [100, 150], () =>
        pointUntil(bob, [300, 30], async () => {
          shown = await colors();
          expect(shown).toHaveLength(2);
        }),
      );
      return new Set(shown);
    };
    const light = await bothColors();
    await cid.emulateMedia({ colorScheme: "dark" });
    const dark = await bothColors();
    expect(new Set([...light, ...dark]).size).toBe(4);
    expect(await cursorsOn(bob)).not.toContainEqual(expect.arrayContaining(["bob"]));

    // The pointer leaves the board.
    const eve = await enter(room, "Eve");
    await ada.mouse.move(100, 150);
    await ada.mouse.move(450, 350);
    await eve.until(isLifted);
    await eventually(async () =>
      expect(await cursorsOn(cid)).not.toContainEqual(expect.arrayContaining(["ada"])),
    );
  });

  it("[K31.3] forgets who leaves, who is still for 5 s, and what is no place", async () => {
    const room = newRoom();
    const { page } = await open("Ada", boardOf(room));
    const bob = await enter(room, "Bob");
    const eve = await enter(room, "Eve");
    const point = (client: RawClient, data: unknown) =>
      client.send({ type: "signal", name: "cursor", data });
    await eventually(async () => {
      point(bob, [0.5, 0.5]);
      point(eve, [0.25, 0.1]);
      expect((await cursorsOn(page)).map(([user]) => user)).toEqual(["bob", "eve"]);
    });
    await bob.leave();
    await eventually(async () => {
      point(eve, [0.25, 0.1]);
      expect(await cursorsOn(page)).toEqual([["eve", "Eve", 100, 30]]);
    });
    for (const data of [[2, 0], ["0", 0], { x: 0 }, null, [Number.MAX_VALUE, -1]]) {
      point(eve, [0, 0]);
      point(eve, data);
      await eventually(async () => expect(await cursorsOn(page)).toEqual([]));
    }
    await eventually(async () => {
      point(eve, [0.5, 0.5]);
      expect(await cursorsOn(page)).toHaveLength(1);
    });
    await eventually(async () => expect(await cursorsOn(page)).toEqual([]));
  });

  it("[K31.2] shows names as text, cuts long ones, and keeps them within the element", async () => {
    const room = newRoom();
    const { page } = await open("Ada", boardOf(room));
    const name = `<b>${"W".repeat(200)}`;
    const token = await signToken(server.secret, "eve", { name });
    const eve = await RawClient.join(server, room, token);
    const board = (await page.locator("rollcall-cursors").boundingBox())!;
    for (const place of [
      [1, 1],
      [0, 0],
      [1, 0],
    ]) {
      await eventually(async () => {
        eve.send({ type: "signal", name: "cursor", data: place });
        const [cursor] = await cursorsOn(page);
        expect(cursor).toEqual(["eve", name, place[0]! * 400, place[1]! * 300]);
        const label = (await page.locator("rollcall-cursors .name").boundingBox())!;
        expect(label.x).toBeGreaterThanOrEqual(board.x - 1);
        expect(label.x + label.width).toBeLessThanOrEqual(board.x + board.width + 1);
        expect(label.y + label.height).toBeLessThanOrEqual(board.y + board.height + 1);
      });
    }
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(500);
    const cut = await page.locator("rollcall-cursors .name span").evaluate((text) => {
      const { color, textOverflow } = getComputedStyle(text);
      const ground = getComputedStyle(text.parentElement!).backgroundColor;
      const isCut = text.scrollWidth > text.clientWidth;
      return { isCut, textOverflow, isEllipsisSeen: color !== ground };
    });
    expect(cut).toEqual({ isCut: true, textOverflow: "ellipsis", isEllipsisSeen: true });
  });

  it("[K31.4] glides, and jumps where people want less motion", async () => {
    const room = newRoom();
    const calm = await open("Ada", boardOf(room), { reducedMotion: "reduce" });
    const { page } = await open("Bob", boardOf(room));
    const eve = await enter(room, "Eve");
    const durations: string[] = [];
    for (const each of [page, calm.page]) {
      await eventually(async () => {
        eve.send({ type: "signal", name: "cursor", data: [0.5, 0.5] });
        expect(await cursorsOn(each)).toHaveLength(1);
      });
      const cursor = each.locator("rollcall-cursors .cursor");
      durations.push(await cursor.evaluate((one) => getComputedStyle(one).transitionDuration));
    }
    expect(durations).toEqual(["0.1s, 0.2s", "0s"]);
  });

  it("[K31.3] leaves no ghost of a finger", async () => {
    const room = newRoom();
    const phone = await open("Ada", boardOf(room), { hasTouch: true, isMobile: true });
    const { page } = await open("Bob", boardOf(room));
    const eve = await enter(room, "Eve");
    await Promise.all([untilHere(phone.page, 3), untilHere(page, 3)]);
    const session = await phone.context.newCDPSession(phone.page);
    const touch = (type: "touchStart" | "touchEnd", ...touchPoints: { x: number; y: number }[]) =>
      session.send("Input.dispatchTouchEvent", { type, touchPoints });
    await touch("touchStart", { x: 100, y: 100 });
    await eventually(async () => expect(await cursorsOn(page)).toEqual([["ada", "Ada", 100, 100]]));
    expect(eve.frames.some(isLifted)).toBe(false);
    await touch("touchEnd");
    await eve.until(isLifted);
    await eventually(async () => expect(await cursorsOn(page)).toEqual([]));
  });

  it("[K31.1] is what the guide shows, and lets the content be used", async () => {
    const guide = readFileSync(
      join(import.meta.dirname, "../examples/element/cursors.html"),
      "utf8",
    );
    const { page: ada } = await open("Ada", guide);
    const { page: bob } = await open("Bob", guide);
    await pointUntil(ada, [40, 40], async () =>
      expect(await cursorsOn(bob)).toEqual([["ada", "Ada", 40, 40]]),
    );
    const under = await bob.evaluate(() => document.elementFromPoint(40, 40)!.localName);
    expect(["img", "rollcall-cursors"]).toContain(under);
  });
});

describe("useCursors", () => {
  it("[K31.5] gives the pointers of others in an element, with their places", async () => {
    const page = async (name: string) =>
      (await openBoard({ browser, server, script: react }, name, '<div id="react"></div>')).page;
    const [ada, bob] = [await page("Ada"), await page("Bob")];
    const shown = bob.getByText("➤ Ada");
    await pointUntil(ada, [250, 100], async () => expect(await shown.count()).toBe(1));
    await eventually(async () =>
      expect(await shown.evaluate(({ style }) => [style.left, style.top])).toEqual(["50%", "25%"]),
    );
    expect(await ada.getByText("➤").count()).toBe(0);
    await ada.context().close();
    await eventually(async () => expect(await shown.count()).toBe(0));
  });
});
