import type { Data, Member, Status } from "./member.ts";
import type { Signal } from "./signal.ts";

/** The version of the frames below, sent in `welcome`. */
export const PROTOCOL = 1;

/** The pair that the platform answers without waking the room (SPEC L1). */
export const PING = "ping";
export const PONG = "pong";

/** How many users a connection may watch (SPEC S5). */
export const MAX_WATCHED = 500;
/**
 * The largest part of a room that a window shows beside those it watches, and the default (SPEC
 * S4).
 */
export const MAX_WINDOW = 100;
export const DEFAULT_WINDOW = 20;

/** How long a socket may stay open before sign-in (SPEC T2). */
export const SIGN_IN_SECONDS = 10;

export type { ClientFrame } from "./client-frame.ts";
export type { Data, Member, Status } from "./member.ts";
export type { Signal } from "./signal.ts";

/** The member behind this connection, and the status they chose (SPEC W1). */
export interface Self {
  id: string;
  chosen: Status | null;
}

/** The counts of a room at a version: a snapshot without members (SPEC R6). */
export interface Counts {
  type: "snapshot";
  room: string;
  epoch: string;
  version: number;
  online: number;
  connections: number;
}

/** Everybody in the room at a version, ordered by id (SPEC R3). */
export interface Snapshot<D extends object = Data> extends Counts {
  members: Member<D>[];
}

/** The counts of a room, and the number of watchers (SPEC S2). */
export interface WatchedCounts extends Counts {
  watching: number;
}

/** A page of members, ordered by id; `after` requests the next page, `null` at the end (SPEC S7). */
export interface Page extends Snapshot {
  after: string | null;
}

/** What changed from one version to another (SPEC W5). */
export interface Delta {
  type: "delta";
  epoch: string;
  from: number;
  version: number;
  online: number;
  connections: number;
  set: Member[];
  gone: string[];
}

/**
 * The first frame on a socket (SPEC W1). `heartbeat` is in seconds, `expiresAt` ISO 8601; `signals`
 * says that members may signal here (G1).
 */
export interface Welcome {
  type: "welcome";
  protocol: typeof PROTOCOL;
  room: string;
  connection: string;
  self: Self;
  heartbeat: number;
  expiresAt: string;
  signals?: true;
}

/**
 * The first frame on a watcher's socket (SPEC S1). A watcher is not a member. Without a session
 * there is no `expiresAt` (S3).
 */
export interface WatcherWelcome extends Omit<Welcome, "self" | "expiresAt" | "signals"> {
  self: null;
  expiresAt?: string;
}

/** Every frame the room sends, except `pong`. */
export type ServerFrame =
  | Welcome
  | WatcherWelcome
  | Snapshot
  | Delta
  | ({ type: "self" } & Self)
  | { type: "watching"; watching: number }
  | { type: "probe"; n?: number }
  | { type: "authenticate"; within: number }
  | { type: "expiring"; expiresAt: string }
  | { type: "renewed"; expiresAt: string; token?: string }
  | { type: "event"; id: string; name: string; data: unknown }
  | { type: "signals"; signals: Signal[] }
  | { type: "ack"; id: string }
  | { type: "error"; code: string; message: string; id?: string };
