import type { Since } from "../../../protocol/since.ts";
import { Entries, type Entry } from "./entries.ts";
import { RecordEntry } from "./record-entry.ts";
import { isListed, memberOf, shownConnections, type MemberRecord } from "./member.ts";
import type { SeenList } from "./seen-list.ts";
import type { SavedRoster } from "../storage/store.ts";

/**
 * The state of every room whose list is empty. It is always the same, so nobody can tell an empty
 * room from one with a hidden member (SPEC M3).
 */
export const NOBODY: Since = { epoch: "00000000-0000-0000-0000-000000000000", version: 0 };

interface VersionedEntry extends Entry {
  /** The list's version at the entry's last change. */
  version: number;
}

/** The list for everybody but the roster. */
export type ReadonlyList = Readonly<Omit<List, "show">>;

/** The list that others see: the members on it and their counts, at a version (SPEC R3, V1). */
export class List extends Entries<VersionedEntry> implements SeenList {
  /** The epoch of the last member who was on the list. */
  epoch: string;
  /** The version in that epoch. */
  version: number;
  /** The version of the last removal: a client with an older one must take a snapshot (SPEC V4). */
  floor: number;

  constructor({ epoch, floor, records }: SavedRoster) {
    super();
    this.epoch = epoch;
    this.version = floor;
    this.floor = floor;
    for (const record of records) {
      if (!isListed(record)) continue;
      this.version = Math.max(this.version, record.version);
      this.setEntry(record.id, new RecordEntry(record));
    }
  }

  /** The epoch and version that readers get (SPEC V1). */
  get state(): Since {
    if (this.size === 0) return NOBODY;
    return { epoch: this.epoch, version: this.version };
  }

  /**
   * Updates a member's entry; returns whether others see a change. A change adds one version for each
   * connection that came or went, so hiding or reappearing with several looks like that many leaves
   * or joins (SPEC M3). Before the record changes, its {@link member} has to be asked for.
   */
  show(record: MemberRecord): boolean {
    const entry = this.entry(record.id);
    const json = isListed(record) ? JSON.stringify(memberOf(record)) : undefined;
    if (json === entry?.json) return false;
    if (this.size === 0 && this.version > 0) this.#startAnew();
    const moved = Math.abs(shownConnections(record) - (entry?.connections ?? 0));
    this.version += Math.max(1, moved);
    record.version = this.version;
    if (json === undefined) {
      this.floor = this.version;
      this.deleteEntry(record.id);
    } else {
      this.setEntry(record.id, new RecordEntry(record, json));
    }
    return true;
  }

  changedSince(since: Since): string[] | null {
    const { epoch, version } = this.state;
    if (since.epoch !== epoch || since.version > version) return null;
    if (since.version === version) return [];
    if (since.version < this.floor) return null;
    const changed: string[] = [];
    for (const [id, entry] of this) if (entry.version > since.version) changed.push(id);
    return changed;
  }

  /** The first member on an empty list begins a new epoch (SPEC L5). */
  #startAnew(): void {
    this.epoch = crypto.randomUUID();
    this.version = 0;
    this.floor = 0;
  }
}
