import { join } from "node:path";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
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
async function openPage(
  html: string,
  claims: Record<string, unknown> = {},
  options: BrowserContextOptions = {},
): Promise<Page> {
  const context = await browser.newContext(options);
  await signIn(context, server, "you", { name: "You", ...claims });
  return openApp(context, server, {
    "/app.html": appDocument(`<style>:root { color-scheme: light dark }</style>
      <main id="here">${html}</main><aside id="there"></aside>
      <script type="module" src="/element.js"></script>`),
    "/element.js": script,
  });
}

/** What a screen reader has of the row: the faces, and the button for the others. */
function listOn(page: Page): Promise<(string | null)[]> {
  return page
    .locator("rollcall-people .list > li:not([hidden]) > :is([role=img], button)")
    .evaluateAll((elements) => elements.map((element) => element.ariaLabel));
}

/** The names in the list of the others, as they are read. */
const othersOn = (page: Page) =>
  page
    .locator("rollcall-people .others:popover-open .name")
    .evaluateAll((elements) => elements.map((element) => element.textContent));

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
  it("[K23.1] lists who is here by name and status, and counts the others", async () => {
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

  it("[K23.3] gives each status a shape of its own, and moves nothing for who wants it so", async () => {
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

  it("[K23.2] is styled by parts, which are named by status too, and by properties", async () => {
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

  it("[K28.1] says who the others are, by mouse, key and touch, and keeps that up to date", async () => {
    const room = newRoom();
    const others = await Promise.all(
      ["Ada", "Bob", "Cid", "Dan"].map((name) => enter(room, name, "busy")),
    );
    const page = await openPage(
      `<rollcall-people room="/rooms/${room}" max="2"></rollcall-people><p>Elsewhere</p>`,
      {},
      { hasTouch: true },
    );
    await shows(page, "Ada, busy", "Bob, busy", "3 more");
    expect(await othersOn(page)).toEqual([]);
    const more = page.getByRole("button", { name: "3 more" });
    await more.click();
    expect(await othersOn(page)).toEqual(["Cid", "Dan", "You"]);
    const list = page.locator("rollcall-people .others");
    expect(
      await list.getByRole("img").evaluateAll((all) => all.map((one) => one.ariaLabel)),
    ).toEqual(["Cid, busy", "Dan, busy", "You, online"]);
    await others[2]!.leave();
    await eventually(async () => expect(await othersOn(page)).toEqual(["Dan", "You"]));
    await page.keyboard.press("Escape");
    expect(await othersOn(page)).toEqual([]);

    await page.getByRole("button", { name: "2 more" }).tap();
    // The browser makes a click of a tap in its own time.
    await eventually(async () => expect(await othersOn(page)).toEqual(["Dan", "You"]));
    await page.getByText("Elsewhere").tap();
    await eventually(async () => expect(await othersOn(page)).toEqual([]));

    await page.keyboard.press("Tab");
    await page.getByRole("button", { name: "2 more" }).focus();
    await page.keyboard.press("Enter");
    expect(await othersOn(page)).toEqual(["Dan", "You"]);
    await Promise.all([others[0]!.leave(), others[1]!.leave()]);
    await shows(page, "Dan, busy", "You, online");
    await list.waitFor({ state: "hidden" });
    expect(await othersOn(page)).toEqual([]);
    // Nobody's face is kept whom nobody looks at.
    expect(await list.locator("li").count()).toBe(0);
  });

  it("[K28.2] shows the person first, or not at all", async () => {
    const room = newRoom();
    await enter(room, "Ada");
    await enter(room, "Bob");
    const page = await openPage(
      `<rollcall-people room="/rooms/${room}" max="2" self="first"></rollcall-people>`,
    );
    await shows(page, "You, online", "Ada, online", "1 more");
    const people = page.locator("rollcall-people");
    await people.evaluate((element) => element.setAttribute("self", "hide"));
    await shows(page, "Ada, online", "Bob, online");
    await people.evaluate((element) => element.removeAttribute("self"));
    expect(await shows(page, "Ada, online", "Bob, online", "1 more")).toHaveLength(3);
  });

  it.each(["ltr", "rtl"] as const)(
    "[K28.3] wraps with each line's faces under one another, and opens to where there is room: %s",
    async (direction) => {
      const room = newRoom();
      for (const name of ["Ada", "Bob", "Cid", "Dan", "Eve", "Fay"]) await enter(room, name);
      const page = await openPage(
        `<style>
          html { direction: ${direction} }
          rollcall-people { --rollcall-size: 40px; --rollcall-gap: 10px; width: 150px }
          .tight { --rollcall-gap: -10px }
        </style>
        <rollcall-people room="/rooms/${room}" max="6"></rollcall-people><br>
        <rollcall-people class="tight" room="/rooms/${room}" max="5"></rollcall-people>`,
        {},
        { reducedMotion: "reduce" },
      );
      await page.locator(".tight:state(online)").waitFor();
      const places = (selector: string) =>
        page.locator(`${selector} .list > li:not([hidden])`).evaluateAll((all) =>
          all.map((item) => {
            const host = (item.getRootNode() as ShadowRoot).host.getBoundingClientRect();
            const { left, right } = item.getBoundingClientRect();
            const isMirrored = getComputedStyle(item).direction === "rtl";
            return Math.round(isMirrored ? host.right - right : left - host.left);
          }),
        );
      const starts = (selector: string, count: number) =>
        eventually(async () => {
          const found = await places(selector);
          expect(found).toHaveLength(count);
          return found;
        });
      expect(await starts("rollcall-people:not(.tight)", 7)).toEqual([0, 50, 100, 0, 50, 100, 0]);
      expect(await starts(".tight", 6)).toEqual([0, 30, 60, 90, 0, 30]);

      await page.locator(".tight").getByRole("button").click();
      const box = await page.locator(".tight .others").boundingBox();
      const { width, height } = page.viewportSize()!;
      expect(box!.x).toBeGreaterThanOrEqual(0);
      expect(box!.x + box!.width).toBeLessThanOrEqual(width);
      expect(box!.y + box!.height).toBeLessThanOrEqual(height);
      const dot = await page.locator("rollcall-people .dot").first().boundingBox();
      const face = await page.locator("rollcall-people .face").first().boundingBox();
      const isRight = dot!.x > face!.x + face!.width / 2;
      expect(isRight).toBe(direction === "ltr");
    },
  );

  it("[K24.1, K24.2] stays when it is moved, keeps what did not change, and leaves when it is taken out", async () => {
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

  it("[K24.1] moves with its room, and is empty where it may not be", async () => {
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

  it("[K24.1] signs in by options that were set before it was defined, too", async () => {
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

  it("[K24.2] keeps its faces over a restart of the server", async () => {
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
