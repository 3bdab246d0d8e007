/**
 * Takes the README's screenshot of the running demo, with people in it. With a folder's name, it also
 * takes the demo and the element in dark mode, on a phone, and with a second room.
 */
import { join } from "node:path";
import { type Server, startServer } from "../test/e2e/server.ts";
import { appDocument, bundleApp, openApp } from "../test/browser/own-origin-app.ts";
import { launchBrowser } from "../test/browser/browser.ts";
import type { BrowserContext, Page } from "playwright-core";
import type { Picture } from "./pictures.ts";

const ROOM = "lobby";
const FILE = new URL("screenshot.png", import.meta.url).pathname;
const DESKTOP = { width: 1280, height: 1168 };
/** What glides or fades has arrived. */
const STILL = { animations: "disabled" } as const;
const PHONE = { width: 390, height: 844 };

const PEOPLE: { name: string; picture?: Picture; status?: string; tabs?: number }[] = [
  { name: "Ada Lovelace", picture: "dawn", tabs: 3 },
  { name: "Alan Turing", status: "Away" },
  { name: "Grace Hopper", picture: "tide", status: "Busy" },
  { name: "Hedy Lamarr", picture: "petal" },
  { name: "Katherine Johnson", tabs: 2 },
];
const LEFT = { name: "Mary Jackson", picture: "dune" } as const;
const YOU = { name: "Emmy Noether", picture: "fern" } as const;

const [folder] = process.argv.slice(2);
const browser = await launchBrowser();
const server = await startServer({ env: "demo" });
try {
  await takePictures(server);
} finally {
  await browser.close();
  await server.stop();
}

/** A signed-in person, and their page. */
interface Visitor {
  context: BrowserContext;
  page: Page;
  open(): Promise<Page>;
}

async function takePictures(server: Server): Promise<void> {
  const left = await enter(server, LEFT);
  await left.page.getByRole("button", { name: "Sign out" }).click();
  const people: Visitor[] = [];
  for (const { status, tabs = 1, ...who } of PEOPLE) {
    const visitor = await enter(server, who);
    people.push(visitor);
    if (status) await visitor.page.getByRole("radio", { name: status, exact: true }).check();
    for (let more = 1; more < tabs; more++) await visitor.open();
  }

  const { context, page } = await enter(server, YOU);
  for (const status of ["Busy", "Automatic"]) {
    await page.getByRole("radio", { name: status, exact: true }).check();
    await page.getByText(`Others see you as ${status === "Busy" ? "busy" : "online"}`).waitFor();
  }
  // Three minutes pass, for the page alone.
  await page.clock.setFixedTime(Date.now() + 3.5 * 60_000);
  await page.getByText("last online 3 min ago").waitFor();
  await page.getByText("3 tabs").waitFor();
  await people.at(-2)!.page.getByLabel("Type something").fill("…");
  await page.getByText("typing…").waitFor();
  await page.screenshot({ path: FILE, ...STILL });
  if (folder === undefined) return;

  const take = (name: string) => page.screenshot({ path: join(folder, `${name}.png`), ...STILL });
  await page.emulateMedia({ colorScheme: "dark" });
  await take("dark");
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize(PHONE);
  await take("phone");
  await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
  await take("phone-end");
  await page.setViewportSize(DESKTOP);
  await page.getByRole("button", { name: "Open" }).click();
  await page.getByRole("heading", { name: "studio" }).waitFor();
  await page.getByText("1 online").waitFor();
  await take("two-rooms");
  await page.getByRole("button", { name: "Cut the network" }).click();
  await page.getByText("Reconnecting…").waitFor();
  await page.screenshot({ path: join(folder, "cut.png"), fullPage: true, ...STILL });
  await takeElement(server, context, folder);
}

async function enter({ url }: Server, who: { name: string; picture?: Picture }): Promise<Visitor> {
  const context = await browser.newContext({ viewport: DESKTOP });
  await context.request.post(`${url}/demo/sign-in`, { data: who });
  const open = async () => {
    const page = await context.newPage();
    await page.goto(`${url}/in/${ROOM}`);
    await page.locator("[data-member]", { hasText: who.name }).first().waitFor();
    return page;
  };
  return { context, open, page: await open() };
}

/** The element in its sizes, in the light and in the dark. */
async function takeElement(server: Server, context: BrowserContext, folder: string): Promise<void> {
  const entry = new URL("../src/element/index.ts", import.meta.url).pathname;
  const row = (style: string, max: number) =>
    `<p><rollcall-people room="/rooms/${ROOM}" max="${max}" style="${style}"></rollcall-people></p>`;
  const rows = `${row("", 8)}${row("", 3)}${row("--rollcall-size: 4rem", 8)}
    ${row("--rollcall-size: 1.5rem; --rollcall-gap: 0.1em", 8)}${row("--rollcall-radius: 30%", 8)}`;
  const page = await openApp(context, server, {
    "/app.html": appDocument(`<style>body { margin: 0; font: 16px/1.5 system-ui, sans-serif }
      section { background: Canvas; color: CanvasText; padding: 1rem 2rem }</style>
      <section style="color-scheme: light">${rows}</section>
      <section style="color-scheme: dark">${rows}</section>
      <script type="module" src="/element.js"></script>`),
    "/element.js": await bundleApp(entry),
  });
  await page.setViewportSize({ width: 640, height: 900 });
  await page.getByLabel("Ada Lovelace, online").first().waitFor();
  await page.waitForLoadState("networkidle");
  await page.screenshot({ path: join(folder, "element.png"), ...STILL });
}
