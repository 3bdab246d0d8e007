import type { Data, Status } from "../../protocol/messages.ts";
import type { Since } from "../../protocol/since.ts";
import type { Shard } from "./shard.ts";

/**
 * A member in a message: id, JSON as others see it, number of connections. A report has two more:
 * the time of the newest choice of status and data that is known there (0 for none), and which.
 */
export type SentMember = [
  id: string,
  json: string,
  connections: number,
  choseAt?: number,
  chosen?: Status | null,
];

/** What a message of a stream says about itself. */
export interface Envelope {
  /** The sender, since its start. */
  from: string;
  /** Grows with each message of this sender. */
  number: number;
  /** The message has all that changed since this one. */
  after: number;
  /** This message and the parts that follow it are everything. */
  whole?: true;
  /** Another part follows. */
  more?: true;
}

/** What a shard reports to the hub. */
export interface Report extends Envelope {
  shard: Shard;
  set: SentMember[];
  gone: string[];
  /** How many of its connections only watch. */
  watching: number;
  /** Whether it has sockets, so that it needs to be told. */
  listens: boolean;
  /** The stream that its copy was last told by; `null` for no copy, `""` if it was dropped. */
  holds: string | null;
  /** Whether it keeps nothing: no member and no socket. */
  isEmpty: boolean;
}

/** What the hub tells a shard. */
export interface Telling extends Envelope {
  state: Since;
  set: SentMember[];
  gone: string[];
  watching: number;
  /** The latest report of the shard that the list includes. */
  included: { from: string; number: number };
  /** The numbers of shards in use. */
  generations: number[];
  /** Choices that users of the shard made in another one. */
  choices?: Choice[];
}

/** A user's choice in another shard. */
export interface Choice {
  user: string;
  choseAt: number;
  chosen: Status | null;
  data: Data | null;
}

/** How a message was received; after a `gap`, the sender has to send everything. */
export type Receipt = "taken" | "gap";

/** The answer to a report. */
export interface ReportReceipt {
  receipt: Receipt;
  generations: number[];
}

/** What a shard of another number of shards keeps of a user, for the shard that the user comes to. */
export interface KeptUser {
  chosen: Status | null;
  choseAt: number;
  data: Data | null;
  /** `null` if only the stamp is known. */
  profile: { name: string; image?: string } | null;
  issuedAt: number;
  lastOnline: number | null;
  /** The newest stamp of an admission that it has seen. */
  stamp: number;
}

/** The shard that the hub asks to speak, and the last of its reports that the hub has taken. */
export interface Asked {
  from: string;
  number: number;
}

/** The calls that a shard answers to the hub and to other shards. */
export interface ShardCalls {
  tell(telling: Telling): Promise<Receipt | "unwanted">;
  /** Has the shard report everything, unless the hub has it already. */
  speak(asked: Asked | null): Promise<void>;
  /** The members of other shards in the copy, for a hub that has started again. */
  recall(shards: string[]): Promise<SentMember[] | null>;
  /** What it keeps of a user who comes to a shard of another number. */
  takeOver(user: string, of: number): Promise<KeptUser | null>;
  /** Ends the places in their grace period, the leases and the record of such a user. */
  release(user: string): Promise<void>;
}

/** The calls that the hub answers to shards. */
export interface HubCalls {
  report(report: Report): Promise<ReportReceipt>;
}
