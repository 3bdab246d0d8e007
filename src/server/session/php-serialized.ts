/** More levels than any session has. */
const MAX_DEPTH = 32;

const SCALAR = /(N|[birR]:-?\d{1,19}|d:[-+.\dA-Z]{1,32});/y;
const TEXT = /[sE]:(\d{1,9}):"/y;
const ARRAY = /a:(\d{1,9}):\{/y;
const OBJECT = /[OC]:(\d{1,9}):"/y;
const SIZE = /:(\d{1,9}):\{/y;

/** Stands for skipped values: objects are never instantiated. */
const OBJECT_READ_OVER = null;

/**
 * Reads the output of PHP's `serialize` as `json_encode` would show it: an array with the keys 0,
 * 1, … is a list, any other a record. Objects, references and enumerations are skipped and become
 * `null`. `undefined` if the text is anything else.
 *
 * @example
 * readPhpSerialized(new TextEncoder().encode('a:1:{s:4:"name";s:3:"Ada";}')); // { name: "Ada" }
 */
export function readPhpSerialized(bytes: Uint8Array): unknown {
  const reader = new Reader(bytes);
  try {
    const value = reader.value(0);
    return reader.isAtEnd ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
    throw error;
  }
}

class Reader {
  readonly #bytes: Uint8Array;
  /** A character for each byte, since PHP counts bytes. */
  readonly #text: string;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  }

  get isAtEnd(): boolean {
    return this.#at === this.#text.length;
  }

  value(depth: number): unknown {
    if (depth > MAX_DEPTH) throw new SyntaxError("too deep");
    const scalar = this.#match(SCALAR);
    if (scalar !== undefined) return readScalar(scalar);
    const isEnumeration = this.#text[this.#at] === "E";
    const length = this.#match(TEXT);
    if (length !== undefined) {
      const text = this.#quoted(Number(length));
      this.#expect(";");
      return isEnumeration ? OBJECT_READ_OVER : text;
    }
    const count = this.#match(ARRAY);
    if (count !== undefined) return toArray(this.#entries(Number(count), depth));
    return this.#object(depth);
  }

  #object(depth: number): null {
    const writesItself = this.#text[this.#at] === "C";
    this.#quoted(Number(this.#require(OBJECT)));
    const size = Number(this.#require(SIZE));
    if (writesItself) {
      this.#at += size;
      this.#expect("}");
    } else this.#entries(size, depth);
    return OBJECT_READ_OVER;
  }

  #entries(count: number, depth: number): [key: string, value: unknown][] {
    const entries: [string, unknown][] = [];
    while (entries.length < count) {
      const key = this.value(depth + 1);
      if (typeof key !== "string" && !Number.isSafeInteger(key)) throw new SyntaxError("not a key");
      entries.push([String(key), this.value(depth + 1)]);
    }
    this.#expect("}");
    return entries;
  }

  /** The rest of a string, after its first quotation mark. Throws if it is not UTF-8. */
  #quoted(length: number): string {
    const bytes = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    this.#expect('"');
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found === null) return undefined;
    this.#at += found[0].length;
    return found[1];
  }

  #require(pattern: RegExp): string {
    const found = this.#match(pattern);
    if (found === undefined) throw new SyntaxError("not what PHP writes");
    return found;
  }

  #expect(character: string): void {
    if (this.#text[this.#at] !== character) throw new SyntaxError("not what PHP writes");
    this.#at += 1;
  }
}

function readScalar(text: string): unknown {
  const digits = text.slice(2);
  switch (text[0]) {
    case "b":
      return digits !== "0";
    case "i":
      return Number(digits);
    case "d":
      return Number.isNaN(Number(digits)) ? OBJECT_READ_OVER : Number(digits);
    default:
      return null;
  }
}

function toArray(entries: [key: string, value: unknown][]): unknown {
  const isList = entries.every(([key], at) => key === String(at));
  // Not by assignment, which would change the prototype for the key `__proto__`.
  return isList ? entries.map(([, value]) => value) : Object.fromEntries(entries);
}
