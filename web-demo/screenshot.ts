/** Takes the README's picture of the demo, with people in it, from the real thing. */
import { type Server, startServer } from "../test/e2e/server.ts";
import { launchBrowser } from "../test/browser/browser.ts";
import type { Picture } from "./pictures.ts";

const ROOM = "lobby";
const FILE = new URL("screenshot.png", import.meta.url).pathname;

const PEOPLE: { name: string; picture?: Picture; status?: string; tabs?: number }[] = [
  { name: "Ada Lovelace", picture: "dawn", tabs: 3 },
  { name: "Alan Turing", status: "Away" },
  { name: "Grace Hopper", picture: "tide", status: "Busy" },
  { name: "Hedy Lamarr", picture: "petal" },
  { name: "Katherine Johnson", tabs: 2 },
];
const LEFT = { name: "Mary Jackson", picture: "dune" } as const;
const YOU = { name: "Emmy Noether", picture: "fern" } as const;

const browser = await launchBrowser();
const server = await startServer({ env: "demo" });
try {
  await takePicture(server);
} finally {
  await browser.close();
  await server.stop();
}

async function takePicture({ url }: Server): Promise<void> {
  async function enter(who: { name: string; picture?: Picture }) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    await context.request.post(`${url}/demo/sign-in`, { data: who });
    const open = async () => {
      const page = await context.newPage();
      await page.goto(`${url}/in/${ROOM}`);
      await page.locator("[data-member]", { hasText: who.name }).first().waitFor();
      return page;
    };
    return { open, page: await open() };
  }

  const left = await enter(LEFT);
  await left.page.getByRole("button", { name: "Sign out" }).click();
  for (const { status, tabs = 1, ...who } of PEOPLE) {
    const { open, page } = await enter(who);
    if (status) await page.getByRole("radio", { name: status, exact: true }).check();
    for (let more = 1; more < tabs; more++) await open();
  }

  const { page } = await enter(YOU);
  // Three minutes pass for the page alone.
  await page.clock.setFixedTime(Date.now() + 3.5 * 60_000);
  await page.getByText("last online 3 min ago").waitFor();
  await page.getByText("3 tabs").waitFor();
  await page.screenshot({ path: FILE });
}
