import { listen } from "./page.ts";
import { LONGEST_MS } from "./pause.ts";

/** Without `scroll`, since scripts scroll too. */
const INPUTS = "pointerdown pointermove touchmove wheel keydown";

/**
 * Reports when the person has given no input for `idleAfterMs`, and when they are back, until
 * `signal` is aborted. Turning to the page counts as input. Without a document, nothing is
 * reported.
 */
export function watchIdle(
  idleAfterMs: number,
  tell: (idle: boolean) => void,
  signal: AbortSignal,
): void {
  const page = globalThis.document;
  if (!page) return;
  let inputAt = Date.now();
  let idle = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  // One timer, set again only when it fires: there may be hundreds of inputs a second.
  const look = (): void => {
    const leftMs = inputAt + idleAfterMs - Date.now();
    if (leftMs > 0) timer = setTimeout(look, Math.min(leftMs, LONGEST_MS));
    else tell((idle = true));
  };
  const note = (): void => {
    if (page.visibilityState === "hidden") return;
    inputAt = Date.now();
    if (!idle) return;
    tell((idle = false));
    look();
  };

  const options = { capture: true, signal };
  listen(globalThis, INPUTS, note, options);
  listen(page, "visibilitychange", note, options);
  signal.addEventListener("abort", () => clearTimeout(timer));
  look();
}
