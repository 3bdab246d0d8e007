import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, type BrowserContext, chromium } from "playwright-core";

/** Debian's package; no test tool can download a browser of its own. */
export const CHROMIUM = process.env["CHROMIUM_PATH"] ?? "/usr/bin/chromium";

export const ARGUMENTS = [
  // A click waits until what it clicks stands still.
  "--force-prefers-reduced-motion",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const OPTIONS = { executablePath: CHROMIUM, args: ARGUMENTS };

/**
 * Starts Chromium with a fresh profile; throws where there is none, for a test must not pass
 * without. Its contexts let no third party have cookies, which is how it comes.
 */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch(OPTIONS);
}

/** Starts Chromium with a fresh profile of somebody who lets third parties have cookies. */
export async function launchLenient(): Promise<BrowserContext> {
  const profile = mkdtempSync(join(tmpdir(), "rollcall-profile-"));
  mkdirSync(join(profile, "Default"));
  const preferences = { profile: { cookie_controls_mode: 0 } };
  writeFileSync(join(profile, "Default/Preferences"), JSON.stringify(preferences));
  const context = await chromium.launchPersistentContext(profile, OPTIONS);
  context.once("close", () => rmSync(profile, { recursive: true, force: true, maxRetries: 5 }));
  return context;
}

/** A browser with its back and forward cache, which the tool that drives it else turns off. */
export interface PlainBrowser {
  browser: Browser;
  /** Stops or continues all its processes, as a laptop does that is closed or opened. */
  signal(name: "SIGSTOP" | "SIGCONT"): void;
  close(): Promise<void>;
}

export async function launchPlain(): Promise<PlainBrowser> {
  const ignoreDefaultArgs = ["--disable-back-forward-cache"];
  const server = await chromium.launchServer({ ...OPTIONS, ignoreDefaultArgs });
  return {
    browser: await chromium.connect(server.wsEndpoint()),
    signal: (name) => void process.kill(-server.process().pid!, name),
    close: () => server.close(),
  };
}
