import { SortedIds } from "./sorted-ids.ts";

/** A member as others see them: their JSON, and their part of the counts. */
export interface Entry {
  json: string;
  online: number;
  connections: number;
}

/** What all lists that others see have in common: their members, by id and in order, and the counts. */
export abstract class Entries<Each extends Entry = Entry> {
  readonly #entries = new Map<string, Each>();
  /** The number of members whose status is not offline. */
  online = 0;
  /** The sum of their connections. */
  connections = 0;
  /** The members whose status is not offline, computed when a window first needs them. */
  #present: SortedIds | null = null;
  /** All ids, computed when a page first needs them. */
  #all: SortedIds | null = null;

  get size(): number {
    return this.#entries.size;
  }

  [Symbol.iterator](): IterableIterator<[string, Each]> {
    return this.#entries.entries();
  }

  /** The ids of all members on the list. */
  ids(): IterableIterator<string> {
    return this.#entries.keys();
  }

  /** The entry of a member; `undefined` if they are not on the list. */
  entry(id: string): Readonly<Each> | undefined {
    return this.#entries.get(id);
  }

  /** The JSON of a member; `undefined` if they are not on the list. */
  member(id: string): string | undefined {
    return this.#entries.get(id)?.json;
  }

  /** The JSON of every member, ordered by id. */
  members(): string[] {
    return [...this.#entries.keys()].toSorted().map((id) => this.#entries.get(id)!.json);
  }

  /** The first ids, in order, of members who are not offline and not in `except`. */
  firstPresent(count: number, except?: ReadonlySet<string>): string[] {
    if (count === 0) return [];
    this.#present ??= new SortedIds(
      [...this.#entries].filter(([, { online }]) => online > 0).map(([id]) => id),
    );
    return this.#present.first(count, except);
  }

  /** The JSON of the first `limit` members after an id, and the last of their ids if more follow. */
  page(after: string, limit: number): { members: string[]; after: string | null } {
    this.#all ??= new SortedIds(this.#entries.keys());
    const ids = this.#all.after(after, limit + 1);
    const members = ids.slice(0, limit).map((id) => this.#entries.get(id)!.json);
    return { members, after: ids.length > limit ? ids[limit - 1]! : null };
  }

  protected setEntry(id: string, entry: Each): void {
    if (!this.#entries.has(id)) this.#all?.add(id);
    this.#count(id, entry);
    this.#entries.set(id, entry);
  }

  protected deleteEntry(id: string): void {
    if (!this.#entries.has(id)) return;
    this.#all?.delete(id);
    this.#count(id, { online: 0, connections: 0 });
    this.#entries.delete(id);
  }

  protected deleteEntries(): void {
    this.#entries.clear();
    this.online = 0;
    this.connections = 0;
    this.#present = null;
    this.#all = null;
  }

  /** Replaces an entry in the counts. */
  #count(id: string, { online, connections }: Pick<Entry, "online" | "connections">): void {
    const before = this.#entries.get(id);
    const wasOnline = before?.online ?? 0;
    if (online > wasOnline) this.#present?.add(id);
    if (online < wasOnline) this.#present?.delete(id);
    this.online += online - wasOnline;
    this.connections += connections - (before?.connections ?? 0);
  }
}
