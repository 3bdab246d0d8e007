/**
 * Makes sure that there is a browser before the tests start: it installs one if it can, and otherwise
 * says what to do.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { findBrowser, findShell, SHELL } from "./find-browser.ts";

const PLAYWRIGHT_HOST = process.env["PLAYWRIGHT_DOWNLOAD_HOST"] ?? "https://cdn.playwright.dev";
/** A machine without a network must not wait for one. */
const PROBE_MS = 700;

if (!hasBrowser() && !(await installBrowser())) {
  console.error("The browser tests need Chromium, Chrome or Edge, and none was found that starts.");
  console.error(
    process.env["CHROME_PATH"]
      ? "Let CHROME_PATH name the browser's executable, or unset it, and run the command again."
      : "Install one, or set CHROME_PATH to the browser's executable, and run the command again.",
  );
  process.exit(1);
}

// Without it the tests take longer. Only a machine that is there for tests is given another package.
if (process.env["CI"] && findShell() === null && !process.env["CHROME_PATH"] && isDebianRoot()) {
  run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", SHELL], "ignore");
}

function hasBrowser(): boolean {
  const browser = findBrowser();
  if (browser === null) return false;
  // On Windows it would open a window.
  return process.platform === "win32" || run(browser, ["--version"], "ignore");
}

async function installBrowser(): Promise<boolean> {
  if (process.env["CHROME_PATH"]) return false;
  const isRoot = process.getuid?.() === 0;
  if (isDebianRoot()) {
    console.log("Installing Chromium by apt …");
    run("apt-get", ["update", "-qq"]);
    const packages = ["chromium", SHELL, "fonts-liberation"];
    if (run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...packages])) {
      return hasBrowser();
    }
  }
  if (!(await reachesPlaywright())) return false;
  console.log("Downloading Chromium by Playwright …");
  // Only root can install the system's libraries that it needs.
  const options = [
    "--no-shell",
    ...(isRoot && process.platform === "linux" ? ["--with-deps"] : []),
  ];
  return run("playwright-core", ["install", ...options, "chromium"]) && hasBrowser();
}

/** On Debian itself: Ubuntu's package is an empty one that refers to a snap. */
function isDebianRoot(): boolean {
  if (process.getuid?.() !== 0) return false;
  try {
    return /^ID=debian$/m.test(readFileSync("/etc/os-release", "utf8"));
  } catch {
    return false;
  }
}

async function reachesPlaywright(): Promise<boolean> {
  // The download goes through a proxy, a request of this process's does not.
  if (process.env["HTTPS_PROXY"] ?? process.env["https_proxy"]) return true;
  const probe = { method: "HEAD", signal: AbortSignal.timeout(PROBE_MS) };
  return fetch(PLAYWRIGHT_HOST, probe).then(
    () => true,
    () => false,
  );
}

/** Runs a command; whether it succeeded. */
function run(command: string, args: string[], stdio: "inherit" | "ignore" = "inherit"): boolean {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const shell = process.platform === "win32";
  return spawnSync(command, args, { stdio, env, shell }).status === 0;
}
