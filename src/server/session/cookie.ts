import { parse } from "hono/utils/cookie";

/** An exact name, or a pattern if the framework puts a port or the app's name into it. */
export type CookieName = string | RegExp;

/** A cookie as received, its chunks joined. */
export interface FoundCookie {
  /** Without the chunk's number. */
  name: string;
  /** Decoded; empty if the value is invalid. */
  value: string;
  chunks: number;
  /** Whether chunks of the same name came beside a whole cookie. */
  isBesideChunks: boolean;
}

/** How many cookies of one name are tried (SPEC A1). */
const MAX_CANDIDATES = 4;

export function matchesName(name: string, wanted: CookieName): boolean {
  return typeof wanted === "string" ? name === wanted : wanted.test(name);
}

/** A cookie as it stood in the header. */
interface Pair {
  name: string;
  text: string;
}

/**
 * The cookies of a request, in the order sent. Empty ones count as absent.
 *
 * @example
 * new CookieHeader("s.1=b; s.0=a").find(["s"]); // [{ name: "s", value: "ab", chunks: 2, … }]
 */
export class CookieHeader {
  readonly #pairs: Pair[] = [];

  constructor(header: string) {
    for (const part of header.split(";")) {
      const text = part.trim();
      const at = text.indexOf("=");
      if (at <= 0) continue;
      const value = text.slice(at + 1).trimStart();
      if (value !== "" && value !== '""')
        this.#pairs.push({ name: text.slice(0, at).trimEnd(), text });
    }
  }

  /**
   * Finds the first of the names that is present: each of its whole cookies, at most four,
   * otherwise its chunks `.0`, `.1`, … joined in numeric order up to the first gap, the first of
   * each (SPEC A1).
   */
  find(names: readonly CookieName[]): FoundCookie[] {
    for (const wanted of names) {
      const name =
        typeof wanted === "string"
          ? wanted
          : this.#pairs.find((pair) => wanted.test(pair.name))?.name;
      if (name === undefined) continue;
      const whole = this.values(name);
      if (whole.length > 0) {
        const isBesideChunks = this.#pairs.some((pair) => isChunk(pair.name, name));
        return whole.map((value) => ({ name, value, chunks: 1, isBesideChunks }));
      }
      const chunks = this.#chunksOf(name);
      if (chunks.length === 0) continue;
      return [{ name, value: chunks.join(""), chunks: chunks.length, isBesideChunks: false }];
    }
    return [];
  }

  /** The values of the cookies of exactly that name, decoded, at most four. */
  values(name: string): string[] {
    return this.#pairs
      .filter((pair) => pair.name === name)
      .slice(0, MAX_CANDIDATES)
      .map(valueOf);
  }

  /** The cookies of these names with their chunks, as they stood in the header. */
  pick(names: readonly string[]): string {
    const isPicked = (name: string) =>
      names.some((wanted) => name === wanted || isChunk(name, wanted));
    return this.#pairs
      .filter(({ name }) => isPicked(name))
      .map(({ text }) => text)
      .join("; ");
  }

  #chunksOf(name: string): string[] {
    const first = new Map<string, Pair>();
    for (const pair of this.#pairs) if (!first.has(pair.name)) first.set(pair.name, pair);
    const chunks: string[] = [];
    for (;;) {
      const chunk = first.get(`${name}.${chunks.length}`);
      if (chunk === undefined) return chunks;
      chunks.push(valueOf(chunk));
    }
  }
}

function isChunk(name: string, whole: string): boolean {
  return name.startsWith(`${whole}.`) && /^\d+$/.test(name.slice(whole.length + 1));
}

function valueOf({ name, text }: Pair): string {
  return parse(text, name)[name] ?? "";
}
