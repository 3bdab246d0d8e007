import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RoomState } from "../../src/client/index.ts";
import { eventually } from "../e2e/client-kit.ts";
import { statusesOf } from "../e2e/told.ts";
import { App } from "./app-page.ts";
import { BareBrowser, type BareTab } from "./bare-browser.ts";
import { launchPlain, type PlainBrowser } from "./browser.ts";

/** In proportion, two minutes for a room with the default of 45 s. */
const STALE_MS = 9_000;
const HIDDEN_MS = (STALE_MS * 120) / 45;

let app: App;
let browser: BareBrowser;
let plain: PlainBrowser;

beforeAll(async () => {
  [app, browser, plain] = await Promise.all([
    App.start({ STALE_SECONDS: String(STALE_MS / 1_000) }),
    BareBrowser.launch(),
    launchPlain(),
  ]);
});

afterAll(async () => {
  await browser?.close();
  await plain?.close();
  await app?.stop();
});

/** Opens a tab in which Ada is in a room. */
async function adaIn(room: string): Promise<BareTab & { state(): Promise<RoomState> }> {
  const tab = await browser.open(app.url);
  await eventually(
    () => tab.run<boolean>('"joinRoom" in window'),
    (isThere) => isThere,
  );
  await tab.run(`
    document.cookie = "app=ada";
    const getToken = () => fetch("/token", { method: "POST" }).then((answer) => answer.text());
    window.room = joinRoom(${JSON.stringify(app.roomUrl(room))}, { getToken });
  `);
  const state = () => tab.run<RoomState>("room.getSnapshot()");
  await eventually(state, ({ connection }) => connection === "online");
  return Object.assign(tab, { state });
}

describe.concurrent("a page in the background", () => {
  it("[K10.1, L2.1, L2.3] stays in the room, with its timers slowed down", async () => {
    const watcher = await app.watch("hidden");
    const ada = await adaIn("hidden");
    await ada.run("window.ticks = 0; setInterval(() => ticks++, 200)");
    await browser.open("about:blank");
    await eventually(
      () => ada.run<string>("document.visibilityState"),
      (state) => state === "hidden",
    );
    await sleep(HIDDEN_MS);
    // Otherwise this would prove nothing.
    expect(await ada.run<number>("ticks")).toBeLessThan(HIDDEN_MS / 1_000);
    await app.agrees(ada, "hidden");
    expect(statusesOf(watcher.frames, "ada")).toEqual(["online"]);
    expect((await ada.state()).connection).toBe("online");
  });

  it("[K7.2, L3.1] that is frozen for long is gone, once, and is back when it is thawed, once", async () => {
    const watcher = await app.watch("frozen");
    const status = () => statusesOf(watcher.frames, "ada").at(-1);
    const ada = await adaIn("frozen");
    await ada.freeze();
    await eventually(status, (shown) => shown === "offline");
    await ada.thaw();
    await eventually(status, (shown) => shown === "online");
    await app.agrees(ada, "frozen");
    expect(statusesOf(watcher.frames, "ada")).toEqual(["online", "offline", "online"]);
  });
});

describe.concurrent("a page on a laptop", () => {
  it("[L3.1] that slept is gone, once, and is back when that wakes, once", async () => {
    const watcher = await app.watch("asleep");
    const ada = await app.enter(await plain.browser.newContext(), "ada", "asleep");
    plain.signal("SIGSTOP");
    await eventually(
      () => statusesOf(watcher.frames, "ada").at(-1),
      (status) => status === "offline",
    ).finally(() => plain.signal("SIGCONT"));
    await eventually(
      () => statusesOf(watcher.frames, "ada").at(-1),
      (status) => status === "online",
    );
    await app.agrees(ada, "asleep");
    expect(statusesOf(watcher.frames, "ada")).toEqual(["online", "offline", "online"]);
  });
});
