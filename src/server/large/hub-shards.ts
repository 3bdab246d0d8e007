import { HubShard } from "./hub-shard.ts";
import { keyOf, shardsOf, type Shard } from "./shard.ts";

/** The shards that a hub knows, and the generations in use. */
export class HubShards {
  readonly #staleMs: number;
  readonly #ids: () => Iterable<string>;
  readonly #byKey = new Map<string, HubShard>();
  readonly #generations: Set<number>;
  /** Whether the stored generations differ from the ones in use. */
  hasUnsavedGenerations = false;

  /** `generations` are those in use when the hub last ran; `ids` returns all ids of the merged list. */
  constructor(
    staleMs: number,
    generations: readonly number[],
    ids: () => Iterable<string>,
    now: number,
  ) {
    this.#staleMs = staleMs;
    this.#ids = ids;
    this.#generations = new Set(generations);
    for (const of of generations) for (const shard of shardsOf(of)) this.get(shard, now);
  }

  get generations(): number[] {
    return [...this.#generations];
  }

  [Symbol.iterator](): IterableIterator<HubShard> {
    return this.#byKey.values();
  }

  /** The shard with a key; `undefined` if it has never reported. */
  find(key: string): HubShard | undefined {
    return this.#byKey.get(key);
  }

  /** A shard, also one that reports for the first time. */
  get(shard: Shard, now: number): HubShard {
    const key = keyOf(shard);
    const known = this.#byKey.get(key);
    if (known) return known;
    const added = new HubShard(shard, this.#ids, this.#staleMs, now);
    this.#byKey.set(key, added);
    return added;
  }

  /** Notes that a shard is not empty, so that its generation is in use. */
  use({ shard: { of } }: HubShard): void {
    if (this.#generations.has(of)) return;
    this.#generations.add(of);
    this.hasUnsavedGenerations = true;
  }

  /** Drops the generations whose shards are all empty. */
  dropUnused(): void {
    for (const of of this.#generations) {
      const shards = [...this].filter(({ shard }) => shard.of === of);
      if (shards.some(({ isEmpty, hasReported }) => !isEmpty || !hasReported)) continue;
      this.#generations.delete(of);
      this.hasUnsavedGenerations = true;
    }
  }

  /** The number of watchers of the room (SPEC S2). */
  get watching(): number {
    let sum = 0;
    for (const { watching } of this) sum += watching;
    return sum;
  }

  /** Whether every shard has reported everything. */
  get haveAllReported(): boolean {
    return [...this].every(({ hasReported }) => hasReported);
  }

  /** Whether nobody may be missing from the list. */
  get isCertain(): boolean {
    return [...this].every(({ hasReported, isSilent }) => hasReported || isSilent);
  }

  /** A shard that may still have a copy of the list as it was before the hub restarted. */
  get copyHolder(): HubShard | undefined {
    return [...this].find(({ hasReported, listens }) => hasReported && listens);
  }

  /** The shards that were last sent another number of watchers. */
  get withOldWatching(): HubShard[] {
    const { watching } = this;
    return [...this].filter(({ listens, toldWatching }) => listens && toldWatching !== watching);
  }
}
