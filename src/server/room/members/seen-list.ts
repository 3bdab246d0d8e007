import type { Since } from "../../../protocol/since.ts";

/**
 * The list that others see: in most rooms the roster's own, in a shard of a large room the copy of
 * what the hub merged (SPEC R3, N3).
 */
export interface SeenList {
  /** The epoch and version that readers get. */
  readonly state: Since;
  /** The number of members on it. */
  readonly size: number;
  /** The number of members whose status is not offline. */
  readonly online: number;
  /** The sum of their connections. */
  readonly connections: number;
  /** The JSON of every member, ordered by id. */
  members(): string[];
  /** The first ids, in order, of members who are not offline and not in `except`. */
  firstPresent(count: number, except?: ReadonlySet<string>): string[];
  /** The JSON of the first `limit` members after an id, and the last of their ids if more follow. */
  page(after: string, limit: number): { members: string[]; after: string | null };
  /** The JSON of a member; `undefined` if they are not on it. */
  member(id: string): string | undefined;
  /** The ids that changed since; `null` if the room no longer knows (SPEC V4). */
  changedSince(since: Since): string[] | null;
}

/** Holds the list that others see, which may be replaced by another. */
export interface ListHolder {
  readonly list: SeenList;
}
