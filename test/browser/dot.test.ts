import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Status } from "../../src/protocol/messages.ts";
import { RawClient, readRoom, signToken } from "../e2e/client-kit.ts";
import { type Server, startServer } from "../e2e/server.ts";
import { closeContexts, openBrowser } from "./browser.ts";
import { appDocument, bundleApp, openApp, signIn } from "./own-origin-app.ts";
import { eventually } from "./tab.ts";

const OPTIONS = { vars: { GRACE_SECONDS: "0", TICKET_SECRET: "t".repeat(32) } };

let server: Server;
let browser: Browser;
let script: string;
let rooms = 0;
const others: RawClient[] = [];

beforeAll(async () => {
  [server, browser, script] = await Promise.all([
    startServer(OPTIONS),
    openBrowser(),
    bundleApp(join(import.meta.dirname, "../../src/dot/index.ts")),
  ]);
});

afterEach(async () => {
  for (const { ws } of others.splice(0)) ws.terminate();
  await closeContexts(browser);
});

afterAll(() => server?.stop());

const newRoom = () => `dot-${++rooms}`;

async function enter(room: string, name: string, status?: Status): Promise<RawClient> {
  const token = await signToken(server.secret, name.toLowerCase(), { name });
  const client = await RawClient.join(server, room, token);
  if (status) await client.request({ type: "update", status });
  others.push(client);
  return client;
}

/** A page, signed in if there is a `user`, and everything its sockets carried. */
async function openPage(html: string, user = "you") {
  const context = await browser.newContext();
  const sent: string[][] = [];
  context.once("page", (page) =>
    page.on("websocket", (socket) => {
      const texts: string[] = [];
      sent.push(texts);
      socket.on("framesent", ({ payload }) => void texts.push(String(payload)));
    }),
  );
  if (user) await signIn(context, server, user);
  const page = await openApp(context, server, {
    "/app.html": appDocument(`<style>:root { color-scheme: light dark }</style>
      <main>${html}</main><aside></aside>
      <script type="module" src="/rollcall-dot.js"></script>`),
    "/rollcall-dot.js": script,
  });
  return { page, sent };
}

const dotOf = (room: string, user: string, more = "") =>
  `<rollcall-dot room="/rooms/${room}" user="${user}" ${more}></rollcall-dot>`;

const labels = (page: Page) =>
  page
    .locator("rollcall-dot [role=img]")
    .evaluateAll((dots) => dots.map((dot) => dot.getAttribute("aria-label")));
const shows = (page: Page, ...expected: string[]) =>
  eventually(async () => {
    const found = await labels(page);
    expect(found).toEqual(expected);
    return found;
  });

describe("<rollcall-dot>", () => {
  it("[K28.5] shows the status of one user, by name, as it changes, the unknown as offline", async () => {
    const room = newRoom();
    const bob = await enter(room, "Bob", "busy");
    const html = [
      dotOf(room, "bob"),
      dotOf(room, "bob", 'name=""'),
      dotOf(room, "zoe", 'name="Zoë"'),
    ];
    const { page, sent } = await openPage(html.join(" "));
    await shows(page, "Bob, busy", "busy", "Zoë, offline");
    await page.getByRole("img", { name: "Bob, busy" }).waitFor();
    await bob.request({ type: "update", status: "away" });
    await shows(page, "Bob, away", "away", "Zoë, offline");
    await enter(room, "Zoe");
    await shows(page, "Bob, away", "away", "Zoë, online");
    await eventually(async () =>
      expect(await page.locator("rollcall-dot:state(away)").count()).toBe(2),
    );

    // One connection, which makes nobody present, watches each user once.
    expect(sent).toHaveLength(1);
    expect(sent[0]!.filter((text) => text.includes('"watch"'))).toHaveLength(1);
    expect(sent[0]!.find((text) => text.includes('"watch"'))).toContain('"add":["bob","zoe"]');
    const { members } = await readRoom(server, room, await signToken(server.secret, "eve"));
    expect(members.map(({ id }) => id)).toEqual(["bob", "zoe"]);

    const dot = page.locator("rollcall-dot").first();
    await dot.evaluate((element) => element.setAttribute("user", "zoe"));
    await shows(page, "Zoe, online", "away", "Zoë, online");
    await dot.evaluate((element) => element.setAttribute("name", "The boss"));
    await shows(page, "The boss, online", "away", "Zoë, online");
  });

  it("[K28.6, S8] shows nothing it does not know, and who hides as offline", async () => {
    const room = newRoom();
    const bob = await enter(room, "Bob");
    const html = dotOf(room, "bob");
    const { page: stranger } = await openPage(html, "");
    const { page } = await openPage(html);
    await shows(page, "Bob, online");
    await bob.request({ type: "update", status: "offline" });
    await shows(page, "Bob, offline");
    expect(await labels(stranger)).toEqual([""]);
    const dot = stranger.locator("rollcall-dot .dot");
    expect(await dot.evaluate((element) => getComputedStyle(element).visibility)).toBe("hidden");
  });

  it("[K28.6] shows nothing of a user of whom the room has not told, though others are shown", async () => {
    const room = newRoom();
    await enter(room, "Bob");
    const { page } = await openPage(dotOf(room, "bob"));
    await shows(page, "Bob, online");
    await enter(room, "Carol");
    const shown = await page.evaluate(
      async (html) => {
        const seen: string[] = [];
        document.querySelector("aside")!.innerHTML = html;
        const dot = document.querySelector("aside rollcall-dot")!.shadowRoot!.firstElementChild!;
        while (seen.at(-1) !== "dot online" && seen.length < 9) {
          const part = dot.getAttribute("part")!;
          if (part !== seen.at(-1)) seen.push(part);
          await new Promise(requestAnimationFrame);
        }
        return seen;
      },
      dotOf(room, "carol"),
    );
    expect(shown).toEqual(["dot ", "dot online"]);
    // More than a connection may watch, and ids that nobody has.
    const many = Array.from({ length: 499 }, (_, at) => dotOf(room, `u${at}`)).join("");
    await page.evaluate(
      (html) => {
        document.querySelector("aside")!.innerHTML = html;
      },
      `${dotOf(room, "..")}${dotOf(room, "")}${many}${dotOf(room, "carol")}`,
    );
    await eventually(async () => {
      const found = await labels(page);
      expect(found.slice(0, 3)).toEqual(["Bob, online", "", ""]);
      expect(found.slice(3, -1)).toEqual(Array.from({ length: 499 }, (_, at) => `u${at}, offline`));
      expect(found.at(-1)).toBe("");
    });
  });

  it("[K28.6] gives each status a shape, which properties and parts style, forced colours too", async () => {
    const room = newRoom();
    await enter(room, "Ann");
    await enter(room, "Bob", "away");
    await enter(room, "Cid", "busy");
    const people = ["ann", "bob", "cid", "dan"].map((user) => dotOf(room, user)).join(" ");
    const { page } = await openPage(`<style>
        rollcall-dot { --rollcall-size: 20px; --rollcall-online: rgb(1, 2, 3) }
        rollcall-dot::part(busy) { outline: 3px solid rgb(4, 5, 6) }
      </style><p dir="rtl">${people}</p>`);
    await shows(page, "Ann, online", "Bob, away", "Cid, busy", "dan, offline");
    const look = () =>
      page.locator("rollcall-dot .dot").evaluateAll((dots) =>
        dots.map((dot) => {
          const style = getComputedStyle(dot);
          const { maskImage, borderTopStyle, backgroundColor, outlineStyle } = style;
          return { shape: `${maskImage} ${borderTopStyle}`, backgroundColor, outlineStyle };
        }),
      );
    const looks = await look();
    expect(new Set(looks.map(({ shape }) => shape)).size).toBe(4);
    expect(looks[0]!.backgroundColor).toBe("rgb(1, 2, 3)");
    expect(looks.map(({ outlineStyle }) => outlineStyle)).toEqual([
      "none",
      "none",
      "solid",
      "none",
    ]);
    const width = await page.locator("rollcall-dot").first().boundingBox();
    expect(width).toMatchObject({ width: 20, height: 20 });
    await page.emulateMedia({ forcedColors: "active" });
    expect((await look()).map(({ shape }) => shape)).toEqual(looks.map(({ shape }) => shape));
  });

  it("[K28.7] stays connected when it is moved, and says nothing of that to the room", async () => {
    const room = newRoom();
    await enter(room, "Bob");
    const { page, sent } = await openPage(dotOf(room, "bob"));
    await shows(page, "Bob, online");
    const before = sent[0]!.length;
    await page.evaluate(() => {
      const changes: string[] = [];
      const dot = document.querySelector("rollcall-dot")!;
      const observer = new MutationObserver((records) => {
        for (const { type } of records) changes.push(type);
      });
      observer.observe(dot.shadowRoot!, { subtree: true, childList: true, attributes: true });
      Object.assign(window, { changes });
      document.querySelector("aside")!.append(dot);
    });
    await page.waitForTimeout(200);
    expect(await page.evaluate(() => (window as unknown as { changes: string[] }).changes)).toEqual(
      [],
    );
    expect(sent).toHaveLength(1);
    expect(sent[0]!.slice(before).filter((text) => text !== "ping")).toEqual([]);

    await page.locator("rollcall-dot").evaluate((dot) => dot.remove());
    await eventually(() => expect(sent[0]!.at(-1)).toContain('"leave"'));
  });

  it("[K28.7] keeps what it shows over a restart of the server, and signs in by options", async () => {
    const room = newRoom();
    const response = await fetch(`${server.url}/tickets`, {
      method: "POST",
      headers: { Authorization: `Bearer ${await signToken(server.secret, "eve")}` },
      body: JSON.stringify({ room }),
    });
    const { ticket } = (await response.json()) as { ticket: string };
    await enter(room, "Bob");
    const { page } = await openPage(
      `${dotOf(room, "bob")}<script>
        document.querySelector("rollcall-dot").options = { getTicket: () => "${ticket}" };
      </script>`,
      "",
    );
    await shows(page, "Bob, online");
    const other = await openPage(dotOf(room, "bob"));
    await shows(other.page, "Bob, online");

    const { persist, port } = server;
    await server.kill();
    others.splice(0);
    await other.page.locator("rollcall-dot:state(reconnecting)").waitFor();
    await shows(other.page, "Bob, online");
    server = await startServer({ ...OPTIONS, persist, port });
    await other.page.locator("rollcall-dot:state(offline)").waitFor();
    expect(await shows(other.page, "Bob, offline")).toHaveLength(1);
  });

  it("[K28.5] is what the guide shows", async () => {
    await enter("company", "Ada", "busy");
    const guide = join(import.meta.dirname, "../examples/element/dot.html");
    const { page } = await openPage(readFileSync(guide, "utf8"));
    expect(await shows(page, "busy", "Grace Hopper, offline")).toHaveLength(2);
  });
});
