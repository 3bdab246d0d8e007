export const ROOM = "large";
export const SHARDS = 16;

/** The binding of the Worker that keeps a shard. */
export const shardBinding = (index: number) => `SHARD_${index}` as const;

/** What the bench asks for. `standIns` is how many shards, the last ones, are stand-ins. */
export type Command =
  | { do: "join"; members: number; standIns: number }
  | { do: "fill"; members: number; standIns: number }
  | { do: "change"; perSecond: number; ms: number; standIns: number }
  | { do: "enter"; afterMs: number; members: number; standIns: number }
  | { do: "tally"; atRest: boolean; standIns: number };

/** Calls of one kind that an object took, and how long what they brought is as JSON. */
export interface Tally {
  calls: number;
  bytes: number;
}

/** What hub and shards were called for. */
export interface Tallies {
  hub: Tally;
  shards: Tally[];
}

/** What it took until all shards knew of one who joined a room that had been quiet. */
export interface Entered extends Tallies {
  ms: number;
}

/** Since the room began to change. */
export interface Changed extends Tallies {
  /** From each change until all shards have it, in milliseconds. */
  latencies: number[];
  ms: number;
}

/** What is asked of what fills a room of one object. */
export interface FillCommand {
  do: "hold" | "open";
  count: number;
}
