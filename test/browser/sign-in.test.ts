import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { RoomState } from "../../src/client/index.ts";
import { eventually, readRoom, signToken } from "../e2e/client-kit.ts";
import { type Server, startServer } from "../e2e/server.ts";
import { AppSite, joinFrom, stateOn, type Way } from "./app-site.ts";
import { closeContexts, launchBrowser, launchLenient } from "./browser.ts";

const APP = "app.localhost";
const PRESENCE = "presence.localhost";
/** Allowed, on the very site that presence is on. */
const NEIGHBOUR = `help.${PRESENCE}`;
/** Not allowed: on another site, and on the very site that presence is on. */
const EVIL = "evil.localhost";
const EVIL_NEIGHBOUR = `blog.${PRESENCE}`;

let site: AppSite;
let server: Server;
/** One that blocks third-party cookies, and one that allows them. */
let browser: Browser;
let lenient: BrowserContext;
let rooms = 0;

beforeAll(async () => {
  // The app knows signed-in users by their names.
  [site, browser, lenient] = await Promise.all([
    AppSite.start(() => ({
      ticket: async (room, user) => {
        const response = await fetch(`${server.url}/tickets`, {
          method: "POST",
          headers: { Authorization: `Bearer ${await tokenOf(user)}` },
          body: JSON.stringify({ room }),
        });
        return ((await response.json()) as { ticket: string }).ticket;
      },
      token: tokenOf,
    })),
    launchBrowser(),
    launchLenient(),
  ]);
  server = await startServer({
    vars: {
      ALLOWED_ORIGINS: [APP, NEIGHBOUR].map((host) => site.origin(host)).join(),
      TICKET_SECRET: "t".repeat(32),
      IN_BAND_AUTH: "true",
    },
  });
});

afterEach(async () => {
  await closeContexts(browser);
  await Promise.all(lenient.pages().map((page) => page.close()));
  await lenient.clearCookies();
});

afterAll(async () => {
  await Promise.all([browser?.close(), lenient?.close(), server?.stop(), site?.stop()]);
});

/** How long the sessions of the app's backend last, in seconds. */
let sessionSeconds = 3600;

function tokenOf(user: string): Promise<string> {
  return signToken(server.secret, user, { exp: Math.floor(Date.now() / 1000) + sessionSeconds });
}

const newRoom = () => `sites-${++rooms}`;
const urlOf = (room: string) => `http://${PRESENCE}:${server.port}/rooms/${room}`;

/** Signs Ada in at the app. */
async function adaIn(context: BrowserContext): Promise<BrowserContext> {
  context.setDefaultTimeout(40_000);
  const cookie = { name: "app", value: "ada", domain: APP, path: "/" };
  await context.addCookies([{ ...cookie, httpOnly: true, sameSite: "Lax" }]);
  return context;
}

/** Gives a browser a session cookie of the presence service's own site. */
async function addPresenceCookie(
  context: BrowserContext,
  sameSite: "Strict" | "Lax" | "None",
): Promise<void> {
  const value = await signToken(server.secret, "ada");
  const cookie = { name: "session", value, domain: PRESENCE, path: "/" };
  await context.addCookies([{ ...cookie, httpOnly: true, secure: true, sameSite }]);
}

async function open(context: BrowserContext, host = APP): Promise<Page> {
  const page = await context.newPage();
  await page.goto(site.origin(host));
  return page;
}

function joined(page: Page): Promise<RoomState> {
  return eventually(
    () => stateOn(page),
    ({ connection }) => connection === "online",
  );
}

async function expectPresent(room: string): Promise<void> {
  const reader = await signToken(server.secret, "reader");
  const { members } = await readRoom(server, room, reader);
  expect(members).toMatchObject([{ id: "ada", status: "online", connections: 1 }]);
}

async function expectNobody(room: string): Promise<void> {
  const { members } = await readRoom(server, room, await signToken(server.secret, "reader"));
  expect(members).toEqual([]);
}

describe("a page on another site than presence", () => {
  const refused = [
    ["has no cookie for it", () => lenient, null],
    ["is not given its SameSite=Lax cookie", () => lenient, "Lax"],
    ["is not given its SameSite=Strict cookie", () => lenient, "Strict"],
    ["has its cookie blocked as a third party's", () => browser.newContext(), "None"],
  ] as const;

  it.each(refused)(
    "[A3.4, A5.1] %s: it stays away, and its client says why",
    async (_, browserOf, cookie) => {
      const room = newRoom();
      const context = await adaIn(await browserOf());
      if (cookie) await addPresenceCookie(context, cookie);
      const page = await open(context);
      await joinFrom(page, urlOf(room), "cookie");
      const { connection, error } = await eventually(
        () => stateOn(page),
        (state) => state.connection === "closed",
      );
      expect([connection, error?.code]).toEqual(["closed", "unauthenticated"]);
      await expectNobody(room);
    },
  );

  const ways: [string, Way][] = [
    ["[T1.1, A3.1] signs in by a ticket", "ticket"],
    ["[T2.1, A3.1] signs in over the socket", "token"],
  ];

  it.each(ways)("%s, with every cookie for presence blocked", async (_, way) => {
    const room = newRoom();
    const context = await adaIn(await browser.newContext());
    await addPresenceCookie(context, "None");
    const page = await open(context);
    await joinFrom(page, urlOf(room), way);
    const { self, members } = await joined(page);
    expect(self).toEqual({ id: "ada", chosen: null });
    expect(members).toMatchObject([{ id: "ada", status: "online" }]);
    await expectPresent(room);
  });

  it("[T4.2, T1.4] is let in by another ticket when its session ends, and nobody sees it go", async () => {
    const room = newRoom();
    const page = await open(await adaIn(await browser.newContext()));
    const frames: string[] = [];
    let sockets = 0;
    page.on("websocket", (socket) => {
      sockets++;
      socket.on("framereceived", ({ payload }) => void frames.push(String(payload)));
    });
    sessionSeconds = 6;
    await joinFrom(page, urlOf(room), "ticket");
    await joined(page);
    sessionSeconds = 3600;
    await eventually(
      () => sockets,
      (count) => count >= 2,
    );
    await joined(page);
    await expectPresent(room);
    expect(frames.filter((frame) => frame.includes('"offline"'))).toEqual([]);
  });
});

describe("a page that has somebody's cookie sent", () => {
  const allowed = [
    ["on another site", APP, "None"],
    ["on the very site of presence", NEIGHBOUR, "Strict"],
  ] as const;

  it.each(allowed)("[A3.1] gets in from an allowed origin %s", async (_, host, sameSite) => {
    const room = newRoom();
    await addPresenceCookie(lenient, sameSite);
    const page = await open(lenient, host);
    await joinFrom(page, urlOf(room), "cookie");
    expect((await joined(page)).self?.id).toBe("ada");
    await expectPresent(room);
  });

  const attacks = [
    ["on another site", EVIL, "None"],
    ["on the very site of presence", EVIL_NEIGHBOUR, "Strict"],
  ] as const;

  it.each(attacks)(
    "[A3.4, A5.1] is refused from a foreign origin %s",
    async (_, host, sameSite) => {
      const room = newRoom();
      await addPresenceCookie(lenient, sameSite);
      const page = await open(lenient, host);
      const errors: string[] = [];
      page.on("websocket", (socket) =>
        socket.on("socketerror", (error) => void errors.push(error)),
      );
      for (const query of ["", "?auth=message", "?ticket=nonsense"]) {
        const ended = await page.evaluate(
          (url) =>
            new Promise<string>((resolve) => {
              const socket = new WebSocket(url.replace("http:", "ws:"));
              socket.addEventListener("open", () => resolve("open"));
              socket.addEventListener("close", ({ code }) => resolve(`closed ${code}`));
            }),
          urlOf(room) + query,
        );
        expect(ended).toBe("closed 1006");
      }
      await eventually(
        () => errors,
        ({ length }) => length === 3,
      );
      for (const error of errors) expect(error).toMatch(/Unexpected response code: 403$/);
      const lines = await eventually(
        () => server.logs.filter((line) => line.includes(`"room":"${room}"`)),
        ({ length }) => length === 3,
      );
      for (const line of lines) {
        expect(JSON.parse(line)).toMatchObject({ event: "refused", code: "origin_forbidden" });
      }
      await expectNobody(room);
    },
  );

  it.each(attacks)(
    "[A3.5] cannot read a room from a foreign origin %s",
    async (_, host, sameSite) => {
      const room = newRoom();
      await addPresenceCookie(lenient, sameSite);
      const page = await open(lenient, host);
      const read = await page.evaluate(
        (url) =>
          fetch(url, { credentials: "include" }).then(
            (response) => response.text(),
            (error: unknown) => String(error),
          ),
        urlOf(room),
      );
      expect(read).toBe("TypeError: Failed to fetch");
    },
  );
});
