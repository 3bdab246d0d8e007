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

/** Identifies a message of a stream. */
export interface MessageId {
  /** The sender, since its start. */
  from: string;
  /** Grows with each message of this sender. */
  number: number;
}

/** The part of a message that orders it in its stream. */
export interface Envelope extends MessageId {
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
  /** Whether it needs updates: it has sockets, or a lease was held lately. */
  listens: boolean;
  /** The stream that its copy comes from; `null` for no copy, `""` if the copy was dropped. */
  holds: string | null;
  /** Whether it keeps neither a member nor a socket. */
  isEmpty: boolean;
}

/** What the hub sends to a shard. */
export interface ListUpdate extends Envelope {
  state: Since;
  set: SentMember[];
  gone: string[];
  watching: number;
  /** The latest report of the shard that the list includes. */
  included: MessageId;
  /** The generations in use (see {@link Shard}). */
  generations: number[];
  /** Choices that users of the shard made in another one. */
  choices?: Choice[];
}

/** A user's choice in another shard. */
export interface Choice {
  user: string;
  choseAt: number;
  chosen: Status | null;
  /** Absent if nobody is present there any more: data ends with presence. */
  data?: Data | null;
}

/** How a message was received; after a `gap`, the sender has to send everything. */
export type Receipt = "taken" | "gap";

/** The answer to a report. */
export interface ReportReceipt {
  receipt: Receipt;
  generations: number[];
}

/** What a shard of another generation keeps of a user, for the shard that the user moves to. */
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

/** The calls that a shard answers to the hub and to other shards. */
export interface ShardCalls {
  tell(update: ListUpdate): Promise<Receipt | "unwanted">;
  /** Makes the shard report everything, unless `last` is its last report, which the hub has. */
  speak(last: MessageId | null): Promise<void>;
  /** The members of other shards in the copy, for a hub that has restarted. */
  recall(shards: string[]): Promise<SentMember[] | null>;
  /** What it keeps of a user who moves to a shard of another generation, of `of` shards. */
  takeOver(user: string, of: number): Promise<KeptUser | null>;
  /** Ends the places in their grace period, the leases and the record of such a user. */
  release(user: string, movedLease?: string): Promise<void>;
}

/** The calls that the hub answers to shards. */
export interface HubCalls {
  report(report: Report): Promise<ReportReceipt>;
}
