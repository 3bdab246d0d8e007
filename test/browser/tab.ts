import type { Browser, BrowserContext, Page } from "playwright-core";
import { expect, vi } from "vitest";
import type { Delta, ServerFrame, Snapshot } from "../../src/protocol/messages.ts";
import { type Shown, shownIn, shownOn } from "./shown.ts";

/** Longer than a client pauses between two attempts (K7), short enough to fail with its own message. */
const PATIENCE = { timeout: 40_000, interval: 100 };

export type Choice = "Automatic" | "Online" | "Away" | "Busy" | "Appear offline";

/** Waits until `check` passes, and fails as it did last. */
export function eventually<Result>(check: () => Result | Promise<Result>): Promise<Result> {
  return vi.waitFor(check, PATIENCE);
}

/** One tab, with a room's page in it. */
export class Tab {
  readonly page: Page;
  readonly #room: URL;
  /** What the room sent to this tab, `pong` left out; it grows. */
  readonly frames: ServerFrame[] = [];

  readonly #faults: string[] = [];

  private constructor(page: Page, room: URL) {
    this.page = page;
    this.#room = room;
    page.on("pageerror", ({ message }) => this.#faults.push(message));
    page.on("console", (message) => {
      if (message.text().includes("Content Security Policy")) this.#faults.push(message.text());
    });
    page.on("websocket", (socket) => {
      socket.on("framereceived", ({ payload }) => {
        const text = String(payload);
        if (text.startsWith("{")) this.frames.push(JSON.parse(text) as ServerFrame);
      });
    });
  }

  /** Opens a room's page in a window, without waiting for anything on it. */
  static async open(context: BrowserContext, url: string, room: string): Promise<Tab> {
    const tab = new Tab(await context.newPage(), new URL(`/rooms/${room}`, url));
    tab.page.setDefaultTimeout(PATIENCE.timeout);
    await tab.page.goto(new URL(`/in/${room}`, url).href);
    return tab;
  }

  /** A new user with separate cookies, who has signed in before. */
  static async enter(browser: Browser, url: string, room: string, name: string): Promise<Tab> {
    const context = await browser.newContext();
    await context.request.post(new URL("/demo/sign-in", url).href, { data: { name } });
    return Tab.open(context, url, room);
  }

  /** Fills in the card that asks for a name. */
  async signIn(name: string): Promise<void> {
    await this.page.getByLabel("Your name").fill(name);
    await this.page.getByRole("button", { name: "Join" }).click();
  }

  /** Another tab of the same person. */
  openAnother(): Promise<Tab> {
    const [, , room = ""] = this.#room.pathname.split("/");
    return Tab.open(this.page.context(), this.#room.origin, room);
  }

  /** Closes the window and all its tabs, like a person. */
  closeWindow(): Promise<void> {
    return this.page.context().close();
  }

  // A click waits for the page to be drawn, which a tab in the background rarely is.
  async choose(choice: Choice): Promise<void> {
    await this.page.bringToFront();
    await this.page.getByRole("radio", { name: choice, exact: true }).check();
  }

  async signOut(): Promise<void> {
    await this.page.bringToFront();
    await this.page.getByRole("button", { name: "Sign out" }).click();
  }

  /** The room as any server reads it, with this tab's cookie. */
  async read(): Promise<Snapshot> {
    const response = await this.page.context().request.get(this.#room.href);
    expect(response.status()).toBe(200);
    return (await response.json()) as Snapshot;
  }

  /** Waits until the page passes `check`, and agrees with what `GET` answers in every detail. */
  agrees(check: (shown: Shown) => void): Promise<Shown> {
    return eventually(async () => {
      expect(this.#faults).toEqual([]);
      const shown = await shownOn(this.page);
      check(shown);
      expect(shown).toEqual(shownIn(await this.read()));
      return shown;
    });
  }

  /** The same, for expected people like `{ Ada: "online", Grace: "busy, 2 tabs" }`. */
  sees(expected: Record<string, string>): Promise<Shown> {
    return this.agrees(({ members }) => {
      const entries = members.map(({ name, status, connections }) => {
        return [name, connections > 1 ? `${status}, ${connections} tabs` : status];
      });
      expect(Object.fromEntries(entries)).toEqual(expected);
    });
  }

  /**
   * Every later change to what the page shows of the room, however short; not what it says of a pointer
   * and of typing, which nobody sees while it is cut.
   */
  async watch(): Promise<() => Promise<string[]>> {
    const changes = await this.page.evaluateHandle(() => {
      const seen: string[] = [];
      const observer = new MutationObserver((records) => {
        for (const { type, target } of records) {
          const element = target instanceof Element ? target : target.parentElement;
          if (!element?.closest(".board, .composer")) seen.push(`${type}: ${target.textContent}`);
        }
      });
      const everything = { subtree: true, childList: true, characterData: true, attributes: true };
      observer.observe(document.querySelector(".room")!, everything);
      return seen;
    });
    return () => changes.jsonValue();
  }

  /** The deltas among the frames from `start` on. */
  deltasFrom(start: number): Delta[] {
    return this.frames.slice(start).filter((frame) => frame.type === "delta");
  }
}
