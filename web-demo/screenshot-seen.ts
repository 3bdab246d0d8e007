/** Takes the pages below `/see`, and the second viewer's by itself, with few people and with many. */
import type { Browser, Page } from "playwright-core";
import { RawClient, signToken } from "../test/e2e/client-kit.ts";
import type { Server } from "../test/e2e/server.ts";
import { contextOf, type Look, type Take } from "./screenshot-looks.ts";
import { TEAM } from "./team.ts";

const STATUSES = ["online", "busy", "online", "away"] as const;

/** Lets so many of the team into a room, each by the id that the team's page shows. */
async function gather(server: Server, room: string, count: number): Promise<RawClient[]> {
  const clients: RawClient[] = [];
  for (const [index, { id, name }] of TEAM.slice(0, count).entries()) {
    const token = await signToken(server.secret, id, { name });
    const client = await RawClient.join(server, room, token);
    const status = STATUSES[index % STATUSES.length]!;
    if (status !== "online") await client.request({ type: "update", status });
    clients.push(client);
  }
  return clients;
}

async function leave(clients: readonly RawClient[]): Promise<void> {
  await Promise.all(clients.map((client) => client.leave()));
}

const online = (page: Page, count: number) =>
  page.locator(".online", { hasText: `${count} online` }).waitFor();

export async function takeSeen(
  browser: Browser,
  server: Server,
  look: Look,
  take: Take,
): Promise<void> {
  const { url } = server;
  const nobody = await contextOf(browser, server, look);
  const page = await nobody.newPage();
  await page.goto(`${url}/see/live`);
  await page.getByText("1 watching").waitFor();
  await take(page, "live");
  await page.goto(`${url}/see/large`);
  await page.getByRole("heading", { name: "Join everyone" }).waitFor();
  await take(page, "large-signed-out");
  await page.goto(`${url}/see/team`);
  await page.getByRole("button", { name: "Ada Allen" }).waitFor();
  await take(page, "team-signed-out");
  await page.getByRole("button", { name: "Yukihiro Johnson" }).click();
  await online(page, 1);
  await take(page, "team-1");
  for (const count of [29, 199]) {
    const team = await gather(server, "team", count);
    await online(page, count + 1);
    await take(page, `team-${count + 1}`);
    await leave(team);
  }
  await nobody.close();
  await takeLarge(browser, server, look, take);
  await takeGuest(browser, server, look, take);
}

async function takeLarge(browser: Browser, server: Server, look: Look, take: Take): Promise<void> {
  const context = await contextOf(browser, server, look, "Emmy Noether");
  const page = await context.newPage();
  await page.goto(`${server.url}/see/large`);
  // Those of another look are still remembered.
  await page.locator(".hub dd", { hasText: /^1$/ }).first().waitFor();
  await take(page, "large-1");
  const people = await gather(server, "everyone", 40);
  await page.getByRole("button", { name: "Let 12 people in" }).click();
  await online(page, 53);
  await page.locator(".hub dd", { hasText: "53" }).first().waitFor();
  await take(page, "large-53");
  await page.route("**/demo/stats", (route) => route.abort());
  await page.getByText("The figures cannot be read").waitFor();
  await take(page, "large-unread");
  await page.getByRole("button", { name: "Let them leave" }).click();
  await leave(people);
  await context.close();
}

async function takeGuest(browser: Browser, server: Server, look: Look, take: Take): Promise<void> {
  const context = await contextOf(browser, server, look);
  const page = await context.newPage();
  await page.goto(`${server.url}/guest/guests-${look}`);
  await online(page, 1);
  await take(page, "guest");
  await context.close();
}
