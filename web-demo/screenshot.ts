/**
 * Takes the README's screenshot of the running demo, with people in it. With a folder's name, it takes
 * every page and state there instead, the element, and pointers that move; with names of looks after
 * it, those alone.
 */
import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { signToken } from "../test/e2e/client-kit.ts";
import { type Server, startServer } from "../test/e2e/server.ts";
import { appDocument, bundleApp, openApp } from "../test/browser/own-origin-app.ts";
import { launchBrowser } from "../test/browser/browser.ts";
import type { BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { type Picture, picturePath } from "./pictures.ts";
import { takePointers } from "./screenshot-pointers.ts";
import { fill, takeStates } from "./screenshot-states.ts";

const ROOM = "lobby";
const FILE = new URL("screenshot.webp", import.meta.url).pathname;
const DESKTOP = { width: 1280, height: 1200 };
/** How much is shown below the rooms. */
const BELOW = 24;
/** For screens with two pixels in each. */
const SCALE = 2;
const QUALITY = 84;
/** What glides or fades has arrived. */
const STILL = { animations: "disabled" } as const;

/** Whose id is the same each time has the same colour each time. */
interface Who {
  id: string;
  name: string;
  picture?: Picture;
}

const PEOPLE: (Who & { status?: string; tabs?: number })[] = [
  { id: "ada-lovelace", name: "Ada Lovelace", picture: "dawn", tabs: 3 },
  { id: "alan-turing", name: "Alan Turing", status: "Away" },
  { id: "grace", name: "Grace Hopper", picture: "ember", status: "Busy" },
  { id: "hedy-lamarr", name: "Hedy Lamarr", picture: "petal" },
];
const POINTERS = [
  { x: 60, y: 40 },
  { x: 210, y: 24 },
  { x: 150, y: 110 },
];
const YOU = { id: "emmy-noether", name: "Emmy Noether", picture: "fern" } as const;

const [folder, ...looks] = process.argv.slice(2);
const browser = await launchBrowser();
const vars = folder === undefined ? {} : { GRACE_SECONDS: "3", SERVER_KEY: randomUUID() };
const server = await startServer({ env: "demo", vars });
try {
  if (folder === undefined) await takePicture(server);
  else {
    await takeStates(browser, server, folder, looks);
    await takeElement(server, folder);
    await takePointers(browser, server, folder);
  }
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

async function takePicture(server: Server): Promise<void> {
  const people: Visitor[] = [];
  for (const { status, tabs = 1, ...who } of PEOPLE) {
    const visitor = await enter(server, who);
    people.push(visitor);
    if (status) await visitor.page.getByRole("radio", { name: status, exact: true }).check();
    for (let more = 1; more < tabs; more++) await visitor.open();
  }

  const { page } = await enter(server, YOU, { deviceScaleFactor: SCALE });
  const protocol = await page.context().newCDPSession(page);
  await page.getByRole("button", { name: "Open a second viewer" }).click();
  await page.frameLocator("iframe").getByText("6 online").waitFor();
  for (const status of ["Busy", "Automatic"]) {
    await page.getByRole("radio", { name: status, exact: true }).check();
    await page.getByText(`Others see you as ${status === "Busy" ? "busy" : "online"}`).waitFor();
  }
  await page.getByText("3 tabs").waitFor();
  const pointers = page.locator(".pointer");
  const areThere = async () =>
    (await pointers.count()) === POINTERS.length && (await page.getByText("typing…").isVisible());
  let isDone = false;
  const busy = keepBusy(people, () => isDone);
  while (!isDone) {
    await setTimeout(100);
    if (!(await areThere())) continue;
    const { y, height } = (await page.locator(".rooms").boundingBox())!;
    const clip = { x: 0, y: 0, width: DESKTOP.width, height: y + height + BELOW, scale: SCALE };
    const picture = { format: "webp", quality: QUALITY, clip } as const;
    const { data } = await protocol.send("Page.captureScreenshot", picture);
    isDone = await areThere();
    if (isDone) writeFileSync(FILE, data, "base64");
  }
  await busy;
}

/** A pointer that rests is soon gone, as is who has stopped typing: they go on until `isOver`. */
async function keepBusy(people: readonly Visitor[], isOver: () => boolean): Promise<void> {
  const typing = people.at(-1)!.page.getByLabel("Type something");
  for (let nudge = 0; !isOver(); nudge = 1 - nudge) {
    const move = async ({ x, y }: { x: number; y: number }, index: number) =>
      people
        .at(index)!
        .page.locator(".board")
        .hover({ position: { x: x + nudge, y } });
    await Promise.all([...POINTERS.map(move), typing.fill("…".repeat(1 + nudge))]);
    await setTimeout(300);
  }
}

async function enter(
  { url, secret }: Server,
  { id, name, picture }: Who,
  options: BrowserContextOptions = {},
): Promise<Visitor> {
  const context = await browser.newContext({ viewport: DESKTOP, ...options });
  const claims = { name, ...(picture && { picture: picturePath(picture) }) };
  const value = await signToken(secret, id, claims);
  await context.addCookies([{ name: "session", value, url, httpOnly: true }]);
  const open = async () => {
    const page = await context.newPage();
    await page.goto(`${url}/in/${ROOM}`);
    await page.locator("[data-member]", { hasText: name }).first().waitFor();
    return page;
  };
  return { context, open, page: await open() };
}

/** The element in its sizes, in the light and in the dark. */
async function takeElement(server: Server, folder: string): Promise<void> {
  const others = await fill(server, ROOM, 10);
  const { context } = await enter(server, YOU);
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
  await page.getByLabel("Ada Allen, online").first().waitFor();
  await page.waitForLoadState("networkidle");
  await page.screenshot({ path: join(folder, "element.png"), ...STILL });
  for (const { ws } of others) ws.terminate();
}
