import { type Browser, chromium } from "playwright-core";

/** Debian's package; no test tool can download a browser of its own. */
const CHROMIUM = process.env["CHROMIUM_PATH"] ?? "/usr/bin/chromium";

/** Starts Chromium with a fresh profile; throws where there is none, for a test must not pass without. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [
      // A click waits until what it clicks stands still.
      "--force-prefers-reduced-motion",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}
