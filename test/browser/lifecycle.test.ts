import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { eventually, readRoom, signToken } from "../e2e/client-kit.ts";
import { Proxy } from "../e2e/proxy.ts";
import { statusesOf } from "../e2e/told.ts";
import { App } from "./app-page.ts";
import { launchPlain, type PlainBrowser } from "./browser.ts";

/** Longer than a busy machine takes to load a page again. */
const GRACE_MS = 10_000;

let app: App;
let proxy: Proxy;
let plain: PlainBrowser;

beforeAll(async () => {
  [app, plain] = await Promise.all([
    App.start({ GRACE_SECONDS: String(GRACE_MS / 1_000) }),
    launchPlain(),
  ]);
  proxy = await Proxy.before(app.server.port);
});

/** How many connections of Ada's to a room were lost. */
const lossesIn = (room: string) =>
  app.server.logs.filter((line) => {
    const { event, reason, ...rest } = JSON.parse(line) as Record<string, string>;
    return (
      event === "leave" && reason === "closed" && rest["room"] === room && rest["user"] === "ada"
    );
  }).length;

/**
 * Waits until the room has noticed that Ada lost a connection, and has given its place to another:
 * no place is in its grace period any more (SPEC R4.1), so nothing can come of it later.
 */
async function untilTakenOver(room: string): Promise<void> {
  await eventually(
    () => lossesIn(room),
    (losses) => losses === 1,
  );
  const token = await signToken(app.server.secret, "watcher");
  const { connections } = await readRoom(app.server, room, token);
  expect(connections).toBe(2);
}

afterEach(() => Promise.all(plain.browser.contexts().map((context) => context.close())));

afterAll(async () => {
  await plain?.close();
  await proxy?.stop();
  await app?.stop();
});

describe("a page", () => {
  it("[K7.2, K9, L4.2] whose browser goes offline and comes back is seen by nobody", async () => {
    const watcher = await app.watch("offline");
    const context = await plain.browser.newContext();
    const ada = await app.enter(context, "ada", "offline", { port: proxy.port });
    proxy.mode = "refuse";
    await context.setOffline(true);
    proxy.cut();
    await ada.until(({ connection }) => connection === "reconnecting");
    proxy.mode = "pass";
    await context.setOffline(false);
    await ada.until(({ connection }) => connection === "online");
    expect(ada.sockets.at(-1)?.searchParams.has("since")).toBe(true);
    await app.agrees(ada, "offline");
    expect(statusesOf(watcher.frames, "ada")).toEqual(["online"]);
    ada.expectNeverLeft();
  });

  it("[K9, V3] that is left and returned to in the back and forward cache resumes, seen by nobody", async () => {
    const watcher = await app.watch("bfcache");
    const ada = await app.enter(await plain.browser.newContext(), "ada", "bfcache");
    await ada.page.evaluate(() => {
      addEventListener("pageshow", ({ persisted }) => Object.assign(window, { persisted }));
      // The tool that drives the browser may miss what a page does at once when it is back.
      const opened: string[] = [];
      const NativeSocket = WebSocket;
      class Socket extends NativeSocket {
        constructor(url: string) {
          super(url);
          opened.push(url);
        }
      }
      Object.assign(window, { opened, WebSocket: Socket });
    });
    const opened = () =>
      ada.page.evaluate(() => (window as unknown as { opened: string[] }).opened);
    await eventually(
      () => statusesOf(watcher.frames, "ada"),
      ({ length }) => length === 1,
    );
    const before = watcher.frames.length;
    await ada.page.goto("about:blank");
    // Nothing is loaded.
    await ada.page.goBack({ waitUntil: "commit" });
    expect(await ada.page.evaluate(() => "persisted" in window && window.persisted)).toBe(true);
    const [url] = await eventually(opened, ({ length }) => length === 1);
    expect(new URL(url!).searchParams.has("since")).toBe(true);
    await ada.until(({ connection }) => connection === "online");
    await app.agrees(ada, "bfcache");
    await untilTakenOver("bfcache");
    expect(watcher.frames.slice(before).filter(({ type }) => type === "delta")).toEqual([]);
    ada.expectNeverLeft();
  });

  it("[K11.1, K12.2, P2.2] that polls is reloaded, seen by nobody, and gone after the grace once closed", async () => {
    const watcher = await app.watch("polls");
    const plainProxy = await Proxy.before(app.server.port);
    plainProxy.mode = "plain";
    const ada = await app.open(await plain.browser.newContext(), "ada");
    const url = app.roomUrl("polls", plainProxy.port);
    await ada.join(url, {}, "polling");
    await app.agrees(ada, "polls");
    await eventually(
      () => statusesOf(watcher.frames, "ada"),
      ({ length }) => length === 1,
    );
    const before = watcher.frames.length;
    await ada.page.reload();
    await ada.join(url, {}, "polling");
    // Otherwise the first lease would still be there, beside the second.
    await untilTakenOver("polls");
    expect(watcher.frames.slice(before).filter(({ type }) => type === "delta")).toEqual([]);

    const closedAt = Date.now();
    await ada.page.close({ runBeforeUnload: true });
    await eventually(
      () => statusesOf(watcher.frames, "ada"),
      (statuses) => statuses.join() === "online,offline",
      { withinMs: 3 * GRACE_MS },
    );
    expect(Date.now() - closedAt).toBeGreaterThanOrEqual(GRACE_MS);
    await plainProxy.stop();
  });

  it("[K10.2, M5.3] whose person is away stays so over a reconnect, until they touch it", async () => {
    const watcher = await app.watch("idle");
    const context = await plain.browser.newContext();
    const ada = await app.enter(context, "ada", "idle", { port: proxy.port, idleAfterMs: 1_000 });
    const status = () => statusesOf(watcher.frames, "ada").at(-1);
    await eventually(status, (shown) => shown === "away");
    proxy.cut();
    await eventually(
      () => ada.frames.filter(({ type }) => type === "welcome").length,
      (count) => count === 2,
    );
    await app.agrees(ada, "idle");
    await ada.page.mouse.move(10, 10);
    await eventually(status, (shown) => shown === "online");
    expect(statusesOf(watcher.frames, "ada").slice(0, 3)).toEqual(["online", "away", "online"]);
  });
});

describe("ten pages of one person", () => {
  it("[M4, K9] are one member with ten connections, and nobody sees nine of them close", async () => {
    const watcher = await app.watch("tabs");
    const context = await plain.browser.newContext();
    const pages = await Promise.all(
      Array.from({ length: 10 }, () => app.enter(context, "ada", "tabs")),
    );
    const [ada] = pages;
    const counts = ({ members }: { members: readonly { connections: number }[] }) =>
      members.map(({ connections }) => connections);
    await Promise.all(pages.map((page) => page.until((state) => counts(state).includes(10))));
    expect((await ada!.state()).members).toHaveLength(2);
    await Promise.all(pages.slice(1).map(({ page }) => page.close()));
    await ada!.until((state) => counts(state).every((count) => count === 1));
    await app.agrees(ada!, "tabs");
    expect(statusesOf(watcher.frames, "ada")).toEqual(["online"]);
    ada!.expectNeverLeft();
  });
});
