/** Takes ten pictures in a row of a page over whose board the pointers of two others move. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import type { Server } from "../test/e2e/server.ts";

const PICTURES = 10;
const STEP_MS = 16;
const LAP_MS = 2400;

/** A page of one more person, in motion. */
async function enter(browser: Browser, { url }: Server, name: string): Promise<Page> {
  const viewport = { width: 1280, height: 900 };
  const context = await browser.newContext({ viewport, reducedMotion: "no-preference" });
  await context.request.post(`${url}/demo/sign-in`, { data: { name } });
  const page = await context.newPage();
  await page.goto(`${url}/in/pointers`);
  await page.locator(".board").waitFor();
  return page;
}

/** Moves a page's pointer round its board until `isOver`. */
async function circle(page: Page, turn: number, isOver: () => boolean): Promise<void> {
  const { x, y, width, height } = (await page.locator(".board").boundingBox())!;
  const start = Date.now();
  while (!isOver()) {
    const angle = 2 * Math.PI * ((Date.now() - start) / LAP_MS + turn);
    const place = [0.45 + 0.35 * Math.cos(angle), 0.45 + 0.35 * Math.sin(angle)] as const;
    await page.mouse.move(x + width * place[0], y + height * place[1]);
    await page.waitForTimeout(STEP_MS);
  }
}

/** Keeps pictures as they are drawn, which come closer together than any that are asked for. */
async function record(page: Page, folder: string): Promise<void> {
  const protocol = await page.context().newCDPSession(page);
  const { promise: all, resolve } = Promise.withResolvers<void>();
  let taken = 0;
  protocol.on("Page.screencastFrame", ({ data, sessionId }) => {
    if (taken < PICTURES) writeFileSync(join(folder, `pointers-${taken++}.png`), data, "base64");
    if (taken === PICTURES) resolve();
    void protocol.send("Page.screencastFrameAck", { sessionId });
  });
  await protocol.send("Page.startScreencast", { format: "png" });
  await all;
  await protocol.send("Page.stopScreencast");
}

export async function takePointers(
  browser: Browser,
  server: Server,
  folder: string,
): Promise<void> {
  const viewer = await enter(browser, server, "Emmy Noether");
  const others = [
    await enter(browser, server, "Ada Lovelace"),
    await enter(browser, server, "Grace Hopper"),
  ];
  let isOver = false;
  const moving = others.map((page, index) => circle(page, index / 2, () => isOver));
  await viewer.locator(".pointer").nth(1).waitFor();
  await record(viewer, folder);
  isOver = true;
  await Promise.all(moving);
  for (const page of [viewer, ...others]) await page.context().close();
}
