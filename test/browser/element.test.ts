import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { RollcallPeople } from "../../src/element/index.ts";
import type { Status } from "../../src/protocol/messages.ts";
import { RawClient, signToken } from "../e2e/client-kit.ts";
import { type Server, startServer } from "../e2e/server.ts";
import { appDocument, bundleApp, openApp, signIn } from "./own-origin-app.ts";
import { launchBrowser } from "./browser.ts";
import { startHostileRoom } from "./hostile-room.ts";
import { eventually } from "./tab.ts";

/** So long a grace that only who has left is seen to go. */
const OPTIONS = { vars: { GRACE_SECONDS: "60", TICKET_SECRET: "t".repeat(32) } };

let server: Server;
let browser: Browser;
let script: string;
let rooms = 0;
const others: RawClient[] = [];

beforeAll(async () => {
  [server, browser, script] = await Promise.all([
    startServer(OPTIONS),
    launchBrowser(),
    bundleApp(join(import.meta.dirname, "../../src/element/index.ts")),
  ]);
});

afterEach(async () => {
  for (const { ws } of others.splice(0)) ws.terminate();
  await Promise.all(browser.contexts().map((context) => context.close()));
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

const newRoom = () => `element-${++rooms}`;

async function enter(room: string, name: string, status?: Status): Promise<RawClient> {
  const token = await signToken(server.secret, name.toLowerCase(), { name });
  const client = await RawClient.join(server, room, token);
  if (status) await client.request({ type: "update", status });
  others.push(client);
  return client;
}

/** You's page, where you are signed in. */
async function openPage(html: string, claims: Record<string, unknown> = {}): Promise<Page> {
  const context = await browser.newContext();
  await signIn(context, server, "you", { name: "You", ...claims });
  return openApp(context, server, {
    "/app.html": appDocument(`<style>:root { color-scheme: light dark }</style>
      <main id="here">${html}</main><aside id="there"></aside>
      <script type="module" src="/element.js"></script>`),
    "/element.js": script,
  });
}

/** What a screen reader has of the row. */
function listOn(page: Page): Promise<(string | null)[]> {
  const images = page.getByRole("list").getByRole("listitem").getByRole("img");
  return images.evaluateAll((elements) => elements.map((element) => element.ariaLabel));
}

const shows = (page: Page, ...names: string[]) =>
  eventually(async () => {
    const list = await listOn(page);
    expect(list).toEqual(names);
    return list;
  });

/** All that a client was told of the member, as `online`. */
function toldOf({ frames }: RawClient, member: string): string[] {
  const deltas = frames.filter((frame) => frame.type === "delta");
  return deltas.flatMap(({ set }) =>
    set.filter(({ id }) => id === member).map(({ status }) => status),
  );
}

describe("<rollcall-people>", () => {
  it("[K23] lists who is here by name and status, and counts the others", async () => {
    const room = newRoom();
    const ada = await enter(room, "Ada", "busy");
    await enter(room, "Bob", "away");
    await enter(room, "Cid", "offline");
    await enter(room, "Zoe");
    const page = await openPage(
      `<rollcall-people room="/rooms/${room}" max="3"></rollcall-people>`,
    );
    await page.getByRole("list", { name: "People here" }).waitFor();
    await shows(page, "Ada, busy", "Bob, away", "You, online", "1 more");

    await ada.request({ type: "update", status: "online" });
    await shows(page, "Ada, online", "Bob, away", "You, online", "1 more");
    await ada.leave();
    await shows(page, "Bob, away", "You, online", "Zoe, online");

    await page.locator("rollcall-people").evaluate((people) => {
      people.setAttribute("max", "0");
      people.setAttribute("label", "Readers");
    });
    await page.getByRole("list", { name: "Readers" }).waitFor();
    expect(await shows(page, "3 more")).toHaveLength(1);
  });

  it("[K23] gives each status a shape of its own, and moves nothing for who wants it so", async () => {
    const room = newRoom();
    await enter(room, "Ada", "busy");
    await enter(room, "Bob", "away");
    const page = await openPage(`<rollcall-people room="/rooms/${room}"></rollcall-people>`);
    await shows(page, "Ada, busy", "Bob, away", "You, online");
    await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
    const look = () =>
      page.locator("rollcall-people .person .dot").evaluateAll((dots) =>
        dots.map((dot) => {
          const { maskImage, backgroundImage } = getComputedStyle(dot, "::after");
          const paper = getComputedStyle(dot.parentElement!.firstElementChild!).backgroundColor;
          const { transitionDuration } = getComputedStyle(dot.closest("li")!);
          return { shape: `${maskImage} ${backgroundImage}`, paper, transitionDuration };
        }),
      );
    const looks = await look();
    expect(new Set(looks.map(({ shape }) => shape)).size).toBe(3);
    expect(looks.map(({ transitionDuration }) => transitionDuration)).toEqual(["0s", "0s", "0s"]);

    await page.emulateMedia({ colorScheme: "dark", reducedMotion: "no-preference" });
    const [dark] = await look();
    expect(dark?.paper).not.toBe(looks[0]?.paper);
    expect(dark?.transitionDuration).not.toBe("0s");
  });

  it("[K23] is styled by parts, which are named by status too, and by properties", async () => {
    const room = newRoom();
    await enter(room, "Ada", "busy");
    const page = await openPage(`<style>
        rollcall-people { --rollcall-size: 64px; --rollcall-online: rgb(1, 2, 3) }
        rollcall-people::part(dot busy) { outline: 3px solid rgb(4, 5, 6) }
      </style>
      <rollcall-people room="/rooms/${room}"></rollcall-people>`);
    await shows(page, "Ada, busy", "You, online");
    const faces = await page.locator("rollcall-people .face").evaluateAll((all) =>
      all.map((face) => {
        const dot = face.querySelector(".dot")!;
        const { backgroundColor } = getComputedStyle(dot, "::after");
        return [face.clientWidth, getComputedStyle(dot).outlineStyle, backgroundColor];
      }),
    );
    expect(faces[0]!.slice(0, 2)).toEqual([64, "solid"]);
    expect(faces[1]).toEqual([64, "none", "rgb(1, 2, 3)"]);
  });

  it("[K24] stays when it is moved, keeps what did not change, and leaves when it is taken out", async () => {
    const room = newRoom();
    const ada = await enter(room, "Ada");
    const page = await openPage(`<rollcall-people room="/rooms/${room}"></rollcall-people>`);
    await shows(page, "Ada, online", "You, online");
    const people = await page.locator("rollcall-people").elementHandle();
    const faces = await page.locator("rollcall-people .person").elementHandles();

    await people!.evaluate((element) => document.querySelector("#there")!.append(element));
    ada.send({ type: "update", status: "busy" });
    await shows(page, "Ada, busy", "You, online");
    const [adasFace, yourFace] = await page.locator("#there .person").elementHandles();
    expect(await adasFace!.evaluate((now, before) => now === before, faces[0])).toBe(true);
    expect(await yourFace!.evaluate((now, before) => now === before, faces[1])).toBe(true);
    await eventually(() => expect(toldOf(ada, "ada")).toEqual(["busy"]));
    expect(toldOf(ada, "you")).toEqual(["online"]);

    await people!.evaluate((element) => element.remove());
    await eventually(() => expect(toldOf(ada, "you")).toEqual(["online", "offline"]));
    await people!.evaluate((element) => document.body.append(element));
    await shows(page, "Ada, busy", "You, online");
  });

  it("[K24] moves with its room, and is empty where it may not be", async () => {
    const [open, shut] = [newRoom(), newRoom()];
    const ada = await enter(open, "Ada");
    const page = await openPage(`<rollcall-people room="/rooms/${open}"></rollcall-people>`, {
      rooms: [open],
    });
    await shows(page, "Ada, online", "You, online");
    const people = page.locator("rollcall-people");
    await people.evaluate((element, room) => element.setAttribute("room", `/rooms/${room}`), shut);
    await page.locator("rollcall-people:state(closed)").waitFor({ state: "attached" });
    await shows(page);
    const { error } = await people.evaluate((element: RollcallPeople) =>
      element.handle!.getSnapshot(),
    );
    expect(error?.code).toBe("room_forbidden");
    await eventually(() => expect(toldOf(ada, "you")).toEqual(["online", "offline"]));
  });

  it("[K24] signs in by options that were set before it was defined, too", async () => {
    const room = newRoom();
    const response = await fetch(`${server.url}/tickets`, {
      method: "POST",
      headers: {
        Authorization: `Bearer ${await signToken(server.secret, "eve", { name: "Eve" })}`,
      },
      body: JSON.stringify({ room }),
    });
    const { ticket } = (await response.json()) as { ticket: string };
    const page = await openPage(`<rollcall-people room="/rooms/${room}"></rollcall-people>
      <script>
        document.querySelector("rollcall-people").options = { getTicket: () => "${ticket}" };
      </script>`);
    expect(await shows(page, "Eve, online")).toHaveLength(1);
  });

  it("[K25] takes names for text, and asks for no image but of the web, with no referrer", async () => {
    const seen: { url: string; referer: string | undefined }[] = [];
    const images = [
      "javascript:alert(1)",
      "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'/>",
      "file:///etc/passwd",
      "/pictures/good.svg",
      "/pictures/none.svg",
    ];
    const name = '<img src=x onerror="document.title=1">';
    const room = await startHostileRoom(name, images);
    onTestFinished(room.stop);
    const page = await openPage("");
    await page.route(`${server.url}/pictures/*`, (route, request) => {
      seen.push({ url: request.url(), referer: request.headers()["referer"] });
      if (request.url().endsWith("none.svg")) return route.fulfill({ status: 404 });
      const body = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>';
      return route.fulfill({ contentType: "image/svg+xml", body });
    });
    await page.evaluate((url) => {
      document.querySelector("#here")!.innerHTML =
        `<rollcall-people room="${url}"></rollcall-people>`;
    }, room.url);

    await shows(page, ...images.map(() => `${name}, online`));
    const sources = page.locator("rollcall-people img");
    await eventually(async () => {
      const urls = await sources.evaluateAll((all) =>
        all.map((image) => image.getAttribute("src")),
      );
      expect(urls).toEqual(["/pictures/good.svg"]);
    });
    expect(seen.map(({ url }) => new URL(url).pathname).toSorted()).toEqual([
      "/pictures/good.svg",
      "/pictures/none.svg",
    ]);
    expect(seen.map(({ referer }) => referer)).toEqual([undefined, undefined]);
    expect(await page.title()).toBe("An app");
  });

  it("[K24] keeps its faces over a restart of the server", async () => {
    const room = newRoom();
    const page = await openPage(`<rollcall-people room="/rooms/${room}"></rollcall-people>`);
    await enter(room, "Ada");
    await shows(page, "Ada, online", "You, online");
    const changes = await page.locator("rollcall-people").evaluateHandle((people) => {
      const seen: string[] = [];
      const observer = new MutationObserver((records) => {
        for (const { type, target } of records) seen.push(`${type}: ${target.textContent}`);
      });
      const everything = { subtree: true, childList: true, characterData: true, attributes: true };
      observer.observe(people.shadowRoot!, everything);
      return seen;
    });
    const { persist, port } = server;
    await server.kill();
    await page.locator("rollcall-people:state(reconnecting)").waitFor();
    await shows(page, "Ada, online", "You, online");
    server = await startServer({ ...OPTIONS, persist, port });
    await page.locator("rollcall-people:state(online)").waitFor();
    await shows(page, "Ada, online", "You, online");
    expect(await changes.jsonValue()).toEqual([]);
  });
});
