/** The demo's large room: `LARGE_ROOMS` has it kept by several objects (SPEC N). */
export const LARGE_ROOM = "everyone";

/** What the page shows of a shard's figures (SPEC N5); a shard that did not answer has no more than these. */
export interface SilentShard {
  shard: number;
  of: number;
  copy: null;
}

export interface ShardFigures {
  shard: number;
  of: number;
  /** How many people its copy of the list has; `null` if it has none. */
  copy: number | null;
  version: number;
  members: number;
  sockets: number;
}

/** What the page shows of the room's figures (SPEC B10, N5). */
export interface RoomFigures {
  epoch: string;
  version: number;
  online: number;
  connections: number;
  members: number;
  shards: (ShardFigures | SilentShard)[];
}
