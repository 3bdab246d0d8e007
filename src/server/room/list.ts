import { isListed, isPresent, memberOf, shownConnections, type MemberRecord } from "./member.ts";

/** What others see of a member: their JSON, and what they add to the counts. */
interface Entry {
  json: string;
  online: number;
  connections: number;
  /** The list's version when it came to be. */
  version: number;
}

/** How a member's entry changed: its JSON before, `undefined` where they were not listed. */
export interface EntryChange {
  before: string | undefined;
}

/** What others see of a room: its listed members and their counts, at a version (SPEC R3, V1). */
export class List {
  readonly #entries = new Map<string, Entry>();
  #version: number;
  #floor: number;
  #online = 0;
  #connections = 0;

  /** `floor` is the version of the last removal from the list (SPEC V4). */
  constructor(floor: number, records: readonly MemberRecord[]) {
    this.#version = floor;
    this.#floor = floor;
    for (const record of records) {
      this.#version = Math.max(this.#version, record.version);
      if (isListed(record)) this.#enter(record, JSON.stringify(memberOf(record)));
    }
  }

  get version(): number {
    return this.#version;
  }

  get floor(): number {
    return this.#floor;
  }

  get online(): number {
    return this.#online;
  }

  get connections(): number {
    return this.#connections;
  }

  /** How many are listed. */
  get size(): number {
    return this.#entries.size;
  }

  /** Shows a member as they are; where others see that, it is a new version, which they keep. */
  show(record: MemberRecord): EntryChange | null {
    const before = this.#entries.get(record.id)?.json;
    const json = isListed(record) ? JSON.stringify(memberOf(record)) : undefined;
    if (json === before) return null;
    record.version = ++this.#version;
    if (json === undefined) {
      this.#floor = this.#version;
      this.#leave(record.id);
    } else {
      this.#enter(record, json);
    }
    return { before };
  }

  /** The JSON of every listed member, ordered by id (SPEC R3). */
  members(): string[] {
    return [...this.#entries.keys()].toSorted().map((id) => this.#entries.get(id)!.json);
  }

  /** The JSON of one member; `undefined` for one who is not on the list. */
  member(id: string): string | undefined {
    return this.#entries.get(id)?.json;
  }

  /** The ids of all that changed after a version; `null` where the room no longer knows (SPEC V4). */
  changedSince(version: number): string[] | null {
    if (version > this.#version || version < this.#floor) return null;
    const changed: string[] = [];
    for (const [id, entry] of this.#entries) if (entry.version > version) changed.push(id);
    return changed;
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

  /** Counts an entry in place of the one before it. */
  #count(id: string, { online, connections }: Pick<Entry, "online" | "connections">): void {
    const before = this.#entries.get(id);
    this.#online += online - (before?.online ?? 0);
    this.#connections += connections - (before?.connections ?? 0);
  }
}
