import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, type BrowserContext, chromium } from "playwright-core";
import { runFolder } from "../once-per-run.ts";
import { findBrowser, findShell } from "./find-browser.ts";

/** Each window would render two pages for its address bar, which take longer than most test pages. */
const UNUSED = ["WebUIOmniboxPopup", "WebUIOmniboxAimPopup"];
/** The driver's defaults, which our list replaces. */
const UNWANTED = [
  "AvoidCorsURLLoaderRestartOnRedirect",
  "AvoidUnnecessaryBeforeUnloadCheckSync",
  "DestroyProfileOnBrowserClose",
  "HttpsFirstBalancedModeAutoEnable",
  "HttpsUpgrades",
  "LensOverlay",
  "MediaRouter",
  "NetworkTimeServiceQuerying",
  "OptimizationHints",
  "PaintHolding",
  "PreconnectToSearch",
  "ThirdPartyStoragePartitioning",
];

export const ARGUMENTS = [
  `--disable-features=${[...UNWANTED, ...UNUSED].join(",")}`,
  // A click waits until its target stops moving.
  "--force-prefers-reduced-motion",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Throws if there is no browser: a test must not pass without one. */
export function requireBrowser(): string {
  const browser = findBrowser();
  if (browser === null) throw new Error("No browser was found: set CHROME_PATH to one.");
  return browser;
}

const options = (executablePath = requireBrowser()) => ({ executablePath, args: ARGUMENTS });

/** Starts a browser with a fresh profile that blocks third-party cookies. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch(options());
}

/** The test files of a process follow one another, each with fresh modules. */
const kept = globalThis as { keptBrowser?: Promise<Browser> };

/**
 * The browser of this process, for what does not depend on a browser's own settings. Its contexts are
 * what test files have of their own, and close at their end.
 */
export function openBrowser(): Promise<Browser> {
  return (kept.keptBrowser ??= launchForTheRun());
}

/** Vitest ends its processes without notice: what the browser leaves behind goes with the run. */
async function launchForTheRun(): Promise<Browser> {
  const before = process.env["TMPDIR"];
  process.env["TMPDIR"] = runFolder();
  try {
    return await chromium.launch(options(findShell() ?? requireBrowser()));
  } finally {
    if (before === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = before;
  }
}

/** Closes what a test, or a test file, has opened. */
export async function closeContexts(browser: Browser | undefined): Promise<void> {
  await Promise.all((browser?.contexts() ?? []).map((context) => context.close()));
}

/** Starts a browser with a fresh profile that allows third-party cookies. */
export async function launchLenient(): Promise<BrowserContext> {
  const profile = mkdtempSync(join(tmpdir(), "rollcall-profile-"));
  mkdirSync(join(profile, "Default"));
  const preferences = { profile: { cookie_controls_mode: 0 } };
  writeFileSync(join(profile, "Default/Preferences"), JSON.stringify(preferences));
  const context = await chromium.launchPersistentContext(profile, options());
  context.once("close", () => rmSync(profile, { recursive: true, force: true, maxRetries: 5 }));
  return context;
}

/** A browser with its back/forward cache, which the tool that drives it usually turns off. */
export interface PlainBrowser {
  browser: Browser;
  /** Stops or continues all its processes, like a laptop that is closed or opened. */
  signal(name: "SIGSTOP" | "SIGCONT"): void;
  close(): Promise<void>;
}

export async function launchPlain(): Promise<PlainBrowser> {
  const ignoreDefaultArgs = ["--disable-back-forward-cache"];
  const server = await chromium.launchServer({ ...options(), ignoreDefaultArgs });
  return {
    browser: await chromium.connect(server.wsEndpoint()),
    signal: (name) => void process.kill(-server.process().pid!, name),
    close: () => server.close(),
  };
}
