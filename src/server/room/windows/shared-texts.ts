/** Texts that are the same for many connections, so that each is built once (SPEC V2). */
export class SharedTexts {
  readonly #texts = new Map<string, string>();
  readonly #numbers = new Map<string, number>();

  /** The text of a key, built on first use. */
  get(key: string, make: () => string): string {
    const known = this.#texts.get(key);
    if (known !== undefined) return known;
    const text = make();
    this.#texts.set(key, text);
    return text;
  }

  /** A short key for a set of ids, which may contain any character. */
  nameOf(ids: readonly string[]): string {
    return ids.map((id) => this.#numberOf(id)).join();
  }

  #numberOf(id: string): number {
    const known = this.#numbers.get(id);
    if (known !== undefined) return known;
    this.#numbers.set(id, this.#numbers.size);
    return this.#numbers.size - 1;
  }
}
