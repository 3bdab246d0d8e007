import type { Browser, BrowserContext, Page } from "playwright-core";
import type { Server } from "../test/e2e/server.ts";

/** How each page is looked at. */
export const LOOKS = {
  light: { viewport: { width: 1280, height: 900 }, colorScheme: "light" },
  dark: { viewport: { width: 1280, height: 900 }, colorScheme: "dark" },
  phone: { viewport: { width: 390, height: 844 }, colorScheme: "light", hasTouch: true },
  "phone-dark": { viewport: { width: 390, height: 844 }, colorScheme: "dark", hasTouch: true },
  narrow: { viewport: { width: 320, height: 640 }, colorScheme: "light", hasTouch: true },
} as const;

export type Look = keyof typeof LOOKS;

/** A signed-in visitor's context, or one of nobody. */
export async function contextOf(
  browser: Browser,
  server: Server,
  look: Look,
  name?: string,
): Promise<BrowserContext> {
  const context = await browser.newContext(LOOKS[look]);
  if (name) {
    await context.request.post(`${server.url}/demo/sign-in`, { data: { name, picture: "fern" } });
  }
  return context;
}

export type Take = (page: Page, name: string) => Promise<void>;
