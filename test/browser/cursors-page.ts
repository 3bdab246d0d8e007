import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  type Page,
} from "playwright-core";
import type { Server } from "../e2e/server.ts";
import { appDocument, openApp, signIn } from "./own-origin-app.ts";

const STYLE = `<style>
  body { margin: 0; color-scheme: light dark }
  rollcall-cursors { width: 400px; height: 300px; background: #8881 }
</style>`;

/** The element over an empty board. */
export const boardOf = (room: string, more = "") =>
  `<rollcall-cursors room="/rooms/${room}" ${more}></rollcall-cursors>`;

/** A page of a person, with a script. */
export async function openBoard(
  { browser, server, script }: { browser: Browser; server: Server; script: string },
  name: string,
  html: string,
  options: BrowserContextOptions = {},
): Promise<{ page: Page; context: BrowserContext }> {
  const context = await browser.newContext({ viewport: { width: 500, height: 400 }, ...options });
  await signIn(context, server, name.toLowerCase(), { name });
  const page = await openApp(context, server, {
    "/app.html": appDocument(`${STYLE}${html}<script type="module" src="/app.js"></script>`),
    "/app.js": script,
    "/rollcall-cursors.js": "",
  });
  return { page, context };
}

/** The cursors that a page shows, by user: where they are on the page, rounded to 10 pixels. */
export function cursorsOn(
  page: Page,
): Promise<[user: string, name: string, x: number, y: number][]> {
  return page.locator("rollcall-cursors .cursor").evaluateAll((cursors) =>
    cursors.map((cursor) => {
      const { left, top } = cursor.getBoundingClientRect();
      const { user } = (cursor as HTMLElement).dataset;
      const name = cursor.querySelector(".name")!.textContent;
      return [user!, name, Math.round(left / 10) * 10, Math.round(top / 10) * 10];
    }),
  );
}

/** Waits until a page shows so many people as online. */
export async function untilHere(page: Page, online: number): Promise<void> {
  await page.waitForFunction(
    (online) => document.querySelector("rollcall-cursors")?.handle?.getSnapshot().online === online,
    online,
  );
}

/** Lets a pointer be where it is until another page shows it: until then, nobody may have heard. */
export async function pointUntil(
  page: Page,
  [x, y]: [x: number, y: number],
  isShown: () => Promise<void>,
): Promise<void> {
  const deadline = Date.now() + 15_000;
  for (;;) {
    await page.mouse.move(x + 1, y);
    await page.mouse.move(x, y);
    try {
      return await isShown();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}
