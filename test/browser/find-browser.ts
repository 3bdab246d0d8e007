import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { chromium } from "playwright-core";

const COMMANDS = [
  "chromium",
  "google-chrome",
  "google-chrome-stable",
  "microsoft-edge",
  "microsoft-edge-stable",
];

/** Where macOS and Windows keep their applications, which are not on the `PATH`. */
const APPLICATIONS = [
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
  "C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe",
];

/** Chromium without the windows around its pages, as Debian packages it. */
export const SHELL = "chromium-headless-shell";

/**
 * The browser of the tests: `CHROME_PATH`, else what is installed of Chromium, Chrome and Edge, else
 * Playwright's download; `null` if there is none.
 */
export function findBrowser(): string | null {
  const named = process.env["CHROME_PATH"];
  if (named) return named;
  const candidates = [...COMMANDS.flatMap(onPath), ...APPLICATIONS, chromium.executablePath()];
  return candidates.find((path) => existsSync(path)) ?? null;
}

/**
 * The browser for tests of what is in a page, which opens one for half the work; `null` if there is
 * none, or `CHROME_PATH` names the browser of all tests.
 */
export function findShell(): string | null {
  if (process.env["CHROME_PATH"]) return null;
  return onPath(SHELL).find((path) => existsSync(path)) ?? null;
}

function onPath(command: string): string[] {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return folders.map((folder) => join(folder, command));
}
