const MINUTE_MS = 60_000;
/** How much of a minute a test needs for what it checks once a limit is used up. */
const ENOUGH_MS = 10_000;

/**
 * Uses up a limit of a minute, of which there is enough left; returns how often that was possible.
 * The limiter counts by the minutes of its own clock: one may turn on the way.
 */
export async function useUpMinute(isLimited: () => Promise<boolean>, limit = 60): Promise<number> {
  for (;;) {
    let uses = 0;
    for (; !(await isLimited()); uses++) {
      if (uses > 2 * limit) throw new Error("Nothing limits it.");
    }
    const leftMs = MINUTE_MS - (Date.now() % MINUTE_MS);
    if (uses > 0 && leftMs > ENOUGH_MS) return uses;
    await new Promise((resolve) => setTimeout(resolve, leftMs));
  }
}
