import type { Since } from "../../protocol/since.ts";
import { Entries } from "../room/members/entries.ts";
import { NOBODY } from "../room/members/list.ts";
import type { ListHolder, SeenList } from "../room/members/seen-list.ts";
import type { ListUpdate, MessageId, SentMember } from "./messages.ts";
import { Parts, type Changes } from "./parts.ts";
import { keyOf, shardOfUser } from "./shard.ts";
import { Inbox } from "./stream.ts";

/**
 * A shard's copy of the list of a large room, as the hub tells it (SPEC N3, N4). It is memory: a
 * shard that wakes has none until the hub has told it everything.
 */
export class Copy extends Entries implements SeenList, ListHolder {
  readonly #inbox = new Inbox();
  readonly #parts = new Parts();
  #state: Since = NOBODY;
  #isComplete = false;
  watching = 0;
  /** The latest report of this shard that it includes. */
  included: MessageId | null = null;

  get list(): this {
    return this;
  }

  /** The stream that told it; `null` for none. */
  get toldBy(): string | null {
    return this.#inbox.last?.from ?? null;
  }

  /** Whether it has been told everything. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  get state(): Since {
    return this.#state;
  }

  changedSince(since: Since): string[] | null {
    const { epoch, version } = this.#state;
    return since.epoch === epoch && since.version === version ? [] : null;
  }

  /** Drops everything. */
  clear(): void {
    this.deleteEntries();
    this.#inbox.clear();
    this.#parts.clear();
    this.#state = NOBODY;
    this.#isComplete = false;
  }

  /** The members of some shards, for a hub that has started again; `null` without a copy. */
  recall(shards: readonly string[]): SentMember[] | null {
    if (!this.#isComplete) return null;
    const missing = new Set(shards);
    const numbers = new Set(shards.map((key) => Number(key.split("/")[0])));
    const isMissing = (id: string) =>
      [...numbers].some((of) => missing.has(keyOf(shardOfUser(id, of))));
    return [...this]
      .filter(([id]) => isMissing(id))
      .map(([id, { json, connections }]) => [id, json, connections]);
  }

  /** Takes a message of the hub; returns the ids that changed, or that it does not fit. */
  take(update: ListUpdate): Set<string> | "gap" {
    const verdict = this.#inbox.judge(update);
    if (verdict === "old") return new Set();
    if (verdict === "gap") return "gap";
    const changes = this.#parts.take(update, () => this.ids());
    if (changes === null) return new Set();
    const { state, watching, included } = update;
    const changed = this.#apply(changes);
    this.#state = state;
    this.#isComplete = true;
    this.watching = watching;
    this.included = included;
    return changed;
  }

  #apply({ set, gone }: Changes): Set<string> {
    const changed = new Set<string>();
    for (const [id, json, connections] of set) {
      if (this.entry(id)?.json === json) continue;
      this.setEntry(id, { json, connections, online: connections > 0 ? 1 : 0 });
      changed.add(id);
    }
    for (const id of gone) {
      if (this.entry(id) === undefined) continue;
      this.deleteEntry(id);
      changed.add(id);
    }
    return changed;
  }
}
