import type { Entry } from "./entries.ts";
import { isPresent, memberOf, shownConnections, type MemberRecord } from "./member.ts";

/**
 * A member's entry on the list. Its JSON is built when it is first read: a room that wakes for one
 * frame reads few. So it must be read before the record changes.
 */
export class RecordEntry implements Entry {
  readonly online: number;
  readonly connections: number;
  readonly version: number;
  readonly #record: MemberRecord;
  #json: string | null;

  constructor(record: MemberRecord, json: string | null = null) {
    this.online = isPresent(record) ? 1 : 0;
    this.connections = shownConnections(record);
    this.version = record.version;
    this.#record = record;
    this.#json = json;
  }

  get json(): string {
    this.#json ??= JSON.stringify(memberOf(this.#record));
    return this.#json;
  }
}
