interface Entry<Value> {
  value: Value;
  until: number;
}

/**
 * Keeps values in memory until their time, and only the latest so many: what strangers can add to
 * must not grow. Times are milliseconds since 1970.
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
    // The oldest goes first: a map keeps the order in which its keys came.
    this.#entries.delete(key);
    this.#entries.set(key, { value, until });
    if (this.#entries.size > this.#max) this.#entries.delete(this.#entries.keys().next().value!);
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }
}
