import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import type { ConnectionState } from "../../src/client/index.ts";
import { eventually, signToken } from "../e2e/client-kit.ts";
import { type Server, startServer } from "../e2e/server.ts";
import { AppSite, joinFrom, stateOn, type Way } from "./app-site.ts";
import { closeContexts, openBrowser } from "./browser.ts";

const APP = "app.localhost";
const EVIL = "evil.localhost";
const PRESENCE = "presence.localhost";
/** Unlike names below `localhost`, one to which `https:` pages cannot open a `ws:` socket. */
const SECURE_PAGE = "https://app.example.com/";

let site: AppSite;
let server: Server;
let browser: Browser;

beforeAll(async () => {
  [site, browser] = await Promise.all([
    AppSite.start(() => ({
      ticket: () => Promise.reject(new Error("Tickets are switched off.")),
      token: (user) => signToken(server.secret, user),
    })),
    openBrowser(),
  ]);
  server = await startServer({ vars: { ALLOWED_ORIGINS: site.origin(APP) } });
});

afterEach(() => closeContexts(browser));

afterAll(async () => {
  await Promise.all([server?.stop(), site?.stop()]);
});

const rollcall = (path: string) => `http://${PRESENCE}:${server.port}${path}`;

interface Joined {
  page: Page;
  /** Rollcall's lines in the console. */
  words: string[];
}

async function join(
  host: string,
  room: string,
  way: Way = "cookie",
  prepare: (context: BrowserContext) => Promise<void> = async () => {},
): Promise<Joined> {
  const context = await browser.newContext();
  await context.addCookies([{ name: "app", value: "ada", domain: host, path: "/" }]);
  await prepare(context);
  const page = await context.newPage();
  const words: string[] = [];
  page.on("console", (message) => {
    if (message.text().startsWith("Rollcall:")) words.push(`${message.type()} ${message.text()}`);
  });
  await page.goto(host === "app.example.com" ? SECURE_PAGE : site.origin(host));
  await joinFrom(page, room, way);
  return { page, words };
}

/** Waits for a line in the console; returns the page's error code, and the line. */
async function told(
  { page, words }: Joined,
  connection: ConnectionState,
): Promise<[code: string | undefined, ...words: string[]]> {
  const state = await eventually(
    () => stateOn(page),
    (state) => words.length > 0 && state.connection === connection,
    { withinMs: 30_000 },
  );
  return [state.error?.code, ...words];
}

it("[K18.1, A3.4] a page whose origin is not allowed is told which, and which setting", async () => {
  const room = rollcall("/rooms/lobby");
  expect(await told(await join(EVIL, room), "connecting")).toEqual([
    "origin_forbidden",
    `warning Rollcall: ${room} origin_forbidden: Not for ${site.origin(EVIL)}. Check ALLOWED_ORIGINS.`,
  ]);
});

it("[K18.1, A5.2] a page without a cookie is told which settings decide about that", async () => {
  expect(await told(await join(APP, rollcall("/rooms/lobby")), "closed")).toEqual([
    "unauthenticated",
    expect.stringMatching(/^warning Rollcall: .* Check SESSION_COOKIE, Domain, SameSite\.$/),
  ]);
});

it("[K18.1] a page that asks at a path of the service's that is no room is told so", async () => {
  const path = rollcall("/room/lobby");
  expect(await told(await join(APP, path), "closed")).toEqual([
    "not_found",
    `warning Rollcall: ${path} not_found: There is nothing here. Check the path.`,
  ]);
});

it("[K18.1] a page that asks another server is told so", async () => {
  // The app's own server, without a route to Rollcall.
  const path = `${site.origin(APP)}/rooms/lobby`;
  expect(await told(await join(APP, path), "connecting")).toEqual([
    "not_found",
    `warning Rollcall: ${path} not_found: Another server answers: 404. Check the path.`,
  ]);
});

it("[K18.1, T1.1] a page whose app gets no ticket is told what tickets need", async () => {
  const joined = await join(APP, rollcall("/rooms/lobby"), "ticket");
  expect(await told(joined, "connecting")).toEqual([
    undefined,
    expect.stringMatching(/^warning Rollcall: getTicket failed: .* Check TICKET_SECRET\.$/),
  ]);
});

it("[K18.1] a page with a token, where sign-in over the socket is switched off, is told so", async () => {
  const joined = await join(APP, rollcall("/rooms/lobby"), "token");
  expect(await told(joined, "polling")).toEqual([
    undefined,
    "warning Rollcall: No WebSocket: polling. Check IN_BAND_AUTH.",
  ]);
});

it("[K18.1] a page by https: is told that it cannot open a room by http:", async () => {
  const serve = async (context: BrowserContext) => {
    const local = `http://127.0.0.1:${site.port}/`;
    const read = async (path: string) => (await fetch(local + path)).text();
    const [body, client] = await Promise.all([read(""), read("client.js")]);
    await context.route(SECURE_PAGE, (route) => route.fulfill({ contentType: "text/html", body }));
    await context.route(`${SECURE_PAGE}client.js`, (route) =>
      route.fulfill({ contentType: "text/javascript", body: client }),
    );
  };
  const room = "http://presence.example.com/rooms/lobby";
  expect(await told(await join("app.example.com", room, "cookie", serve), "connecting")).toEqual([
    undefined,
    expect.stringMatching(/^warning Rollcall: .*WebSocket.* HTTPS\. Check https:\.$/),
  ]);
});
