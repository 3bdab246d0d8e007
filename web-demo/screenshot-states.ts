/** Takes every page and state of the demo: light, dark and on a phone. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Browser, BrowserContext, Frame, FrameLocator, Page } from "playwright-core";
import { RawClient, signToken } from "../test/e2e/client-kit.ts";
import type { Server } from "../test/e2e/server.ts";
import { PICTURES, picturePath } from "./pictures.ts";
import { contextOf, type Look, LOOKS, type Take } from "./screenshot-looks.ts";
import { takeSeen } from "./screenshot-seen.ts";
import { TEAM } from "./team.ts";

const MOST_POINTERS = 30;
const STATUSES = ["online", "online", "online", "busy", "away"] as const;

/** Lets so many people of the team join a room, each in their own way; three more have left. */
export async function fill(server: Server, room: string, count: number): Promise<RawClient[]> {
  const people = TEAM.filter((_, index) => index % Math.floor(TEAM.length / count) === 0);
  const join = async (id: string, name: string, index: number) => {
    const picture = PICTURES[index % 9];
    const claims = { name, ...(picture && { picture: picturePath(picture) }) };
    return RawClient.join(server, room, await signToken(server.secret, id, claims));
  };
  const clients: RawClient[] = [];
  for (const [index, { id, name }] of people.slice(0, count).entries()) {
    const client = await join(id, name, index);
    const status = STATUSES[index % STATUSES.length]!;
    if (status !== "online") await client.request({ type: "update", status });
    clients.push(client);
  }
  for (const [index, name] of ["Mary Jackson", "Karen Jones", "Evelyn Boyd"].entries()) {
    const client = await join(`left-${index}`, name, index);
    await client.request({ type: "leave" });
  }
  return clients;
}

/** Waits for what is drawn from files; one that does not load is no reason to wait. */
const arePicturesThere = (frame: Frame) =>
  frame.locator("img").evaluateAll(async (images) => {
    await Promise.allSettled(images.map((image) => (image as HTMLImageElement).decode()));
  });

export async function takeStates(
  browser: Browser,
  server: Server,
  folder: string,
  looks: readonly string[],
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const crowds = [
    { room: "team-of-3", people: await fill(server, "team-of-3", 2) },
    { room: "team-of-30", people: await fill(server, "team-of-30", 29) },
    { room: "all-200", people: await fill(server, "all-200", 199) },
  ];
  const all = Object.keys(LOOKS) as Look[];
  for (const look of all.filter((look) => looks.length === 0 || looks.includes(look))) {
    const take: Take = async (page, name) => {
      await Promise.all(page.frames().map(arePicturesThere));
      await page.screenshot({
        path: join(folder, `${name}-${look}.png`),
        fullPage: true,
        animations: "disabled",
      });
    };
    await takeSignedOut(await contextOf(browser, server, look), server, take);
    const context = await contextOf(browser, server, look, "Emmy Noether");
    await takeRoom(context, server, look, take);
    for (const crowd of crowds) await takeCrowd(context, server, crowd, take);
    await context.close();
    await takeSeen(browser, server, look, take);
    await takeForbidden(await contextOf(browser, server, look), server, take);
  }
  for (const { ws } of crowds.flatMap(({ people }) => people)) ws.terminate();
}

async function takeSignedOut(context: BrowserContext, { url }: Server, take: Take): Promise<void> {
  const page = await context.newPage();
  await page.goto(`${url}/in/lobby`);
  await page.getByRole("heading", { name: "Join lobby" }).waitFor();
  await take(page, "sign-in");
  await page.goto(`${url}/see/nowhere`);
  await page.getByText("There is no page here").waitFor();
  await take(page, "nowhere");
  await page.goto(`${url}/in/no%20room`);
  await page.getByText("No room has this name").waitFor();
  await take(page, "no-room");
  await page.route("**/demo/me", (route) => route.abort());
  await page.goto(`${url}/in/lobby`);
  await page.getByText("Nobody answers").waitFor();
  await take(page, "unreachable");
  await context.close();
}

const counts = (page: Page | FrameLocator, online: number) =>
  page.locator(".online", { hasText: `${online} online` }).waitFor();

async function takeRoom(
  context: BrowserContext,
  { url }: Server,
  look: Look,
  take: Take,
): Promise<void> {
  const page = await context.newPage();
  await page.goto(`${url}/in/room-${look}`);
  await page.getByText("Connected", { exact: true }).waitFor();
  await take(page, "alone");
  await page.getByRole("button", { name: "Open a second viewer" }).click();
  const guest = page.frameLocator("iframe");
  await counts(page, 2);
  await counts(guest, 2);
  await guest.getByLabel("Type something").fill("…");
  await guest.locator(".board").hover({ position: { x: 150, y: 60 } });
  await page.locator(".pointer").waitFor();
  await take(page, "two");
  await page.locator(".frames summary").nth(1).click();
  await page.getByRole("button", { name: "Reload this page" }).click();
  await page.getByText(/Others were told/).waitFor();
  await counts(guest, 2);
  await take(page, "reloaded");
  await page.getByRole("button", { name: "Cut the network" }).click();
  await page.getByText("Robin still sees you").waitFor();
  await take(page, "cut");
  await page.getByText("Robin sees you as offline").waitFor();
  await take(page, "cut-gone");
  await page.getByRole("button", { name: "Mend the network" }).click();
  await page.getByText(/Robin was told/).waitFor();
  await page.locator(".frames summary").nth(1).click();
  await take(page, "mended");
  await page.getByRole("radio", { name: "Appear offline" }).check();
  await page.getByText("You appear offline.").waitFor();
  await take(page, "hidden");
  await page.close();
}

interface Crowd {
  room: string;
  people: readonly RawClient[];
}

/** A crowd, whose pointers move; with the second viewer and another room beside, too. */
async function takeCrowd(
  context: BrowserContext,
  { url }: Server,
  { room, people }: Crowd,
  take: Take,
): Promise<void> {
  const page = await context.newPage();
  await page.goto(`${url}/in/${room}`);
  await counts(page, people.length + 1);
  const moving = people.slice(0, MOST_POINTERS);
  const last = page.locator(".pointer").nth(moving.length - 1);
  // One that rests is soon gone, which a busy machine may be too slow for.
  for (let areThere = false; !areThere;) {
    for (const [index, client] of moving.entries()) {
      const place = [((index * 37) % 97) / 100 + 0.01, ((index * 61) % 89) / 100 + 0.03];
      client.send({ type: "signal", name: "cursor", data: place });
    }
    areThere = await last.waitFor({ timeout: 4000 }).then(
      () => true,
      () => false,
    );
  }
  await take(page, room);
  if (people.length > 100) {
    await page.getByLabel("Find a person").fill("ada");
    await take(page, `${room}-found`);
    await page.getByLabel("Find a person").fill("nobody at all");
    await take(page, `${room}-not-found`);
  }
  await page.getByRole("button", { name: "Open a second viewer" }).click();
  await page.goto(`${url}/in/${room}?beside=studio`);
  await counts(page.frameLocator("iframe"), people.length + 2);
  await counts(page, people.length + 2);
  await take(page, `${room}-beside`);
  await page.close();
}

async function takeForbidden(context: BrowserContext, server: Server, take: Take): Promise<void> {
  const value = await signToken(server.secret, "ada", { name: "Ada", rooms: ["elsewhere"] });
  await context.addCookies([{ name: "session", value, url: server.url, httpOnly: true }]);
  const page = await context.newPage();
  await page.goto(`${server.url}/in/lobby`);
  await page.getByRole("heading", { name: "This room is not open to you" }).waitFor();
  await take(page, "forbidden");
  await page.goto(`${server.url}/see/large`);
  await page.getByRole("heading", { name: "This room is not open to you" }).waitFor();
  await take(page, "large-forbidden");
  await page.goto(`${server.url}/see/team`);
  await page.getByRole("heading", { name: "This room is not open to you" }).waitFor();
  await take(page, "team-forbidden");
  await context.close();
}
