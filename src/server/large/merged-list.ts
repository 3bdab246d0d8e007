import { isSame, type Since } from "../../protocol/since.ts";
import { Entries, type Entry } from "../room/members/entries.ts";
import { NOBODY } from "../room/members/list.ts";
import type { SeenList } from "../room/members/seen-list.ts";
import { mergeParts, type Part } from "./merge.ts";

/** An entry of the list. Nearly every user is in one shard: then the entry is the part. */
type Merged = Entry & Part;

/** The list of a large room: what its shards report, merged, at one version (SPEC N3). */
export class MergedList extends Entries<Merged> implements SeenList {
  /** The parts of users whom several shards report. */
  readonly #several = new Map<string, Map<string, Part>>();
  #epoch = crypto.randomUUID() as string;
  #version = 0;

  get state(): Since {
    if (this.size === 0) return NOBODY;
    return { epoch: this.#epoch, version: this.#version };
  }

  /** The epoch of the last member who was on the list. */
  get epoch(): string {
    return this.#epoch;
  }

  /** A large room is read in windows and pages, which change as a whole. */
  changedSince(since: Since): string[] | null {
    return isSame(since, this.state) ? [] : null;
  }

  /** The parts of a user, one from each shard that reports them. */
  partsOf(id: string): Part[] {
    const several = this.#several.get(id);
    if (several) return [...several.values()];
    const entry = this.entry(id);
    return entry ? [entry] : [];
  }

  /** The parts that a shard reports, by user. */
  *partsFrom(shard: string): Iterable<[string, Part]> {
    for (const [id, entry] of this) {
      const part = this.#several.get(id)?.get(shard) ?? (entry.shard === shard ? entry : null);
      if (part !== null && part.shard === shard) yield [id, part];
    }
  }

  /** Sets what a shard reports of a user; returns whether others see a change. */
  set(id: string, part: Part): boolean {
    const parts = this.partsOf(id).filter(({ shard }) => shard !== part.shard);
    return this.#show(id, [...parts, part]);
  }

  /** Removes a user from what a shard reports; returns whether others see a change. */
  delete(id: string, shard: string): boolean {
    const parts = this.partsOf(id);
    const left = parts.filter((part) => part.shard !== shard);
    return left.length < parts.length && this.#show(id, left);
  }

  #show(id: string, parts: readonly Part[]): boolean {
    const before = this.entry(id);
    if (parts.length > 1) this.#several.set(id, new Map(parts.map((part) => [part.shard, part])));
    else this.#several.delete(id);
    const [only] = parts;
    if (only === undefined) {
      this.deleteEntry(id);
      this.#advance(before?.connections ?? 0);
      return before !== undefined;
    }
    const { json, connections } = parts.length > 1 ? mergeParts(parts) : only;
    const isKnown = before?.json === json;
    if (before === undefined && this.size === 0 && this.#version > 0) this.#startAnew();
    if (!isKnown) this.#advance(connections - (before?.connections ?? 0));
    const { shard, choseAt, chosen } = only;
    const online = connections > 0 ? 1 : 0;
    this.setEntry(id, { json, online, connections, shard, choseAt, chosen });
    return !isKnown;
  }

  /** As in a room of one object, each connection that came or went is a version (SPEC V1). */
  #advance(moved: number): void {
    this.#version += Math.max(1, Math.abs(moved));
  }

  #startAnew(): void {
    this.#epoch = crypto.randomUUID();
    this.#version = 0;
  }
}
