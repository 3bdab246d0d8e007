import { idOf, type Shown, type Watches } from "./dialect.ts";

const QUERIES = { counts: "?view=counts", all: "?present=false" } as const;

/** What it is asked for by. */
export function pathQuery(shown: Shown | undefined): string {
  if (shown === undefined) return "";
  return typeof shown === "string" ? QUERIES[shown] : "?present=false&view=window&limit=0";
}

/** Whom a user watches: always the same, and picked as if at random. */
export function watchedBy(user: number, { watches, of }: Watches): number[] {
  const picked = new Set<number>();
  let state = (user + 1) * 2_654_435_761;
  while (picked.size < watches) {
    // Xorshift, whose state is 32 bits and never 0.
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    picked.add((state >>> 0) % of);
  }
  return [...picked];
}

/** What it says once it is open. */
export function watchFrames(user: number, shown: Shown | undefined): string[] {
  if (typeof shown !== "object") return [];
  return [JSON.stringify({ type: "watch", add: watchedBy(user, shown).map(idOf) })];
}
