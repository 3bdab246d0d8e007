import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { WebSocket } from "ws";
import { ARGUMENTS, requireBrowser } from "./browser.ts";

/**
 * Pages that are hidden for longer run their timers once a minute; five minutes, outside of tests.
 */
const SLOW_DOWN = "--enable-features=IntensiveWakeUpThrottling:grace_period_seconds/1";

interface Answer {
  id?: number;
  result?: Record<string, unknown>;
  error?: { message: string };
}

/**
 * Bare Chromium: the tool that drives it in other tests keeps every page visible and awake. This one
 * uses its own protocol.
 */
export class BareBrowser {
  readonly #process: ChildProcess;
  readonly #profile: string;
  readonly #ws: WebSocket;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #asked = 0;

  private constructor(process: ChildProcess, profile: string, ws: WebSocket) {
    this.#process = process;
    this.#profile = profile;
    this.#ws = ws;
    ws.on("message", (message) => {
      const answer = JSON.parse(String(message)) as Answer;
      this.#waiting.get(answer.id ?? 0)?.(answer);
    });
  }

  static async launch(): Promise<BareBrowser> {
    const profile = mkdtempSync(join(tmpdir(), "rollcall-profile-"));
    const own = ["--headless=new", "--remote-debugging-port=0", `--user-data-dir=${profile}`];
    const args = [...ARGUMENTS, ...own, SLOW_DOWN, "about:blank"];
    const browser = spawn(requireBrowser(), args, { stdio: ["ignore", "ignore", "pipe"] });
    for await (const line of createInterface(browser.stderr)) {
      const [, url] = /^DevTools listening on (\S+)$/.exec(line) ?? [];
      if (url === undefined) continue;
      // Otherwise it would wait for a reader.
      browser.stderr.resume();
      const ws = new WebSocket(url);
      await once(ws, "open");
      return new BareBrowser(browser, profile, ws);
    }
    throw new Error("The browser did not start.");
  }

  async send<Result>(method: string, params: object, sessionId?: string): Promise<Result> {
    const id = ++this.#asked;
    const answer = await new Promise<Answer>((resolve) => {
      this.#waiting.set(id, resolve);
      this.#ws.send(JSON.stringify({ id, method, params, ...(sessionId && { sessionId }) }));
    });
    this.#waiting.delete(id);
    if (answer.error) throw new Error(`${method}: ${answer.error.message}`);
    return answer.result as Result;
  }

  /** Opens a tab, in front of all others. */
  async open(url: string): Promise<BareTab> {
    const { targetId } = await this.send<{ targetId: string }>("Target.createTarget", { url });
    const attach = { targetId, flatten: true };
    const { sessionId } = await this.send<{ sessionId: string }>("Target.attachToTarget", attach);
    await this.send("Target.activateTarget", { targetId });
    return new BareTab(this, sessionId);
  }

  async close(): Promise<void> {
    const ended = once(this.#process, "exit");
    await this.send("Browser.close", {});
    await ended;
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** One tab of a {@link BareBrowser}. */
export class BareTab {
  readonly #browser: BareBrowser;
  readonly #session: string;

  constructor(browser: BareBrowser, session: string) {
    this.#browser = browser;
    this.#session = session;
  }

  /** Runs a script in the page; returns its value, also of a promise. */
  async run<Value>(expression: string): Promise<Value> {
    const params = { expression, returnByValue: true, awaitPromise: true };
    const { result } = await this.#browser.send<{ result: { value: Value } }>(
      "Runtime.evaluate",
      params,
      this.#session,
    );
    return result.value;
  }

  async freeze(): Promise<void> {
    await this.#browser.send("Page.setWebLifecycleState", { state: "frozen" }, this.#session);
  }

  async thaw(): Promise<void> {
    await this.#browser.send("Page.setWebLifecycleState", { state: "active" }, this.#session);
  }
}
