import { parse } from "hono/utils/cookie";

/** An exact name, or a pattern where the framework puts a port or the app's name into it. */
export type CookieName = string | RegExp;

/** A cookie as it came, its chunks joined. */
export interface FoundCookie {
  /** Without the chunk's number. */
  name: string;
  /** Decoded; empty where it is no valid value. */
  value: string;
  /** The pairs it came in, as they stood in the header. */
  header: string;
  chunks: number;
}

export function matchesName(name: string, wanted: CookieName): boolean {
  return typeof wanted === "string" ? name === wanted : wanted.test(name);
}

/**
 * Finds the first of the names that is there: as one cookie, else in chunks `.0`, `.1`, … that are
 * joined in numeric order up to the first gap (SPEC A1). Of a name sent twice, the first counts.
 *
 * @example
 * findCookie("s.1=b; s.0=a", ["s"]); // { name: "s", value: "ab", header: "s.0=a; s.1=b", chunks: 2 }
 */
export function findCookie(header: string, names: readonly CookieName[]): FoundCookie | undefined {
  const pairs = new Map<string, string>();
  for (const pair of header.split(";")) {
    const name = pair.slice(0, Math.max(pair.indexOf("="), 0)).trim();
    if (name !== "" && !pairs.has(name)) pairs.set(name, pair.trim());
  }
  for (const wanted of names) {
    const name =
      typeof wanted === "string" ? wanted : [...pairs.keys()].find((key) => wanted.test(key));
    if (name === undefined) continue;
    const whole = pairs.get(name);
    const found = whole === undefined ? chunksOf(name, pairs) : [whole];
    if (found.length === 0) continue;
    return {
      name,
      value: found.map(valueOf).join(""),
      header: found.join("; "),
      chunks: found.length,
    };
  }
  return undefined;
}

function chunksOf(name: string, pairs: ReadonlyMap<string, string>): string[] {
  const chunks: string[] = [];
  for (;;) {
    const chunk = pairs.get(`${name}.${chunks.length}`);
    if (chunk === undefined) return chunks;
    chunks.push(chunk);
  }
}

function valueOf(pair: string): string {
  return Object.values(parse(pair))[0] ?? "";
}
