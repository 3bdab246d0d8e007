interface Entry<Value> {
  value: Value;
  until: number;
}

/**
 * Keeps values in memory until they expire, and only the latest so many, since anybody may be able to
 * add some. Times are milliseconds since 1970.
 *
 * @example
 * const revoked = new ExpiringMap<true>(500);
 * revoked.set("ada", true, Date.now() + 60_000);
 */
export class ExpiringMap<Value> {
  readonly #entries = new Map<string, Entry<Value>>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  get(key: string, now: number): Value | undefined {
    const entry = this.#entries.get(key);
    return entry && entry.until > now ? entry.value : undefined;
  }

  set(key: string, value: Value, until: number): void {
    // The oldest goes first: a map keeps insertion order.
    this.#entries.delete(key);
    this.#entries.set(key, { value, until });
    if (this.#entries.size > this.#max) this.#entries.delete(this.#entries.keys().next().value!);
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }
}
