import type { Since } from "../../../protocol/since.ts";
import { isListed, isPresent, memberOf, shownConnections, type MemberRecord } from "./member.ts";
import { SortedIds } from "./sorted-ids.ts";
import type { SavedRoster } from "../storage/store.ts";

/**
 * The state of every room whose list is empty. It is always the same, so nobody can tell an empty
 * room from one with a hidden member (SPEC M3).
 */
const NOBODY: Since = { epoch: "00000000-0000-0000-0000-000000000000", version: 0 };

/** A member as others see them: their JSON, and their part of the counts. */
interface Entry {
  json: string;
  online: number;
  connections: number;
  /** The list's version at the entry's last change. */
  version: number;
}

/** The list for everybody but the roster. */
export type ReadonlyList = Readonly<Omit<List, "show">>;

/** The list that others see: the members on it and their counts, at a version (SPEC R3, V1). */
export class List {
  readonly #entries = new Map<string, Entry>();
  /** The epoch of the last member who was on the list. */
  epoch: string;
  /** The version in that epoch. */
  version: number;
  /** The version of the last removal: a client with an older one must take a snapshot (SPEC V4). */
  floor: number;
  /** The number of members whose status is not offline. */
  online = 0;
  /** The sum of their connections. */
  connections = 0;
  /** The members whose status is not offline, computed when a window first needs them. */
  #present: SortedIds | null = null;

  constructor({ epoch, floor, records }: SavedRoster) {
    this.epoch = epoch;
    this.version = floor;
    this.floor = floor;
    for (const record of records) {
      if (!isListed(record)) continue;
      this.version = Math.max(this.version, record.version);
      this.#enter(record, JSON.stringify(memberOf(record)));
    }
  }

  /** The epoch and version that readers get (SPEC V1). */
  get state(): Since {
    if (this.#entries.size === 0) return NOBODY;
    return { epoch: this.epoch, version: this.version };
  }

  /** The number of members on the list. */
  get size(): number {
    return this.#entries.size;
  }

  /**
   * Updates a member's entry; returns whether others see a change. A change adds one version for each
   * connection that came or went, so hiding or reappearing with several looks like that many leaves
   * or joins (SPEC M3).
   */
  show(record: MemberRecord): boolean {
    const entry = this.#entries.get(record.id);
    const json = isListed(record) ? JSON.stringify(memberOf(record)) : undefined;
    if (json === entry?.json) return false;
    if (this.#entries.size === 0 && this.version > 0) this.#startAnew();
    const moved = Math.abs(shownConnections(record) - (entry?.connections ?? 0));
    this.version += Math.max(1, moved);
    record.version = this.version;
    if (json === undefined) {
      this.floor = this.version;
      this.#leave(record.id);
    } else {
      this.#enter(record, json);
    }
    return true;
  }

  /** The JSON of every listed member, ordered by id (SPEC R3). */
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
    const ids = [...this.#entries.keys()].filter((id) => id > after).toSorted();
    const members = ids.slice(0, limit).map((id) => this.#entries.get(id)!.json);
    return { members, after: ids.length > limit ? ids[limit - 1]! : null };
  }

  /** The JSON of a member; `undefined` if they are not on the list. */
  member(id: string): string | undefined {
    return this.#entries.get(id)?.json;
  }

  /** The ids that changed since; `null` if the room no longer knows (SPEC V4). */
  changedSince(since: Since): string[] | null {
    const { epoch, version } = this.state;
    if (since.epoch !== epoch || since.version > version) return null;
    if (since.version === version) return [];
    if (since.version < this.floor) return null;
    const changed: string[] = [];
    for (const [id, entry] of this.#entries) if (entry.version > since.version) changed.push(id);
    return changed;
  }

  /** The first member on an empty list begins a new epoch (SPEC L5). */
  #startAnew(): void {
    this.epoch = crypto.randomUUID();
    this.version = 0;
    this.floor = 0;
  }

  #enter(record: MemberRecord, json: string): void {
    const entry: Entry = {
      json,
      online: isPresent(record) ? 1 : 0,
      connections: shownConnections(record),
      version: record.version,
    };
    this.#count(record.id, entry);
    this.#entries.set(record.id, entry);
  }

  #leave(id: string): void {
    this.#count(id, { online: 0, connections: 0 });
    this.#entries.delete(id);
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
