import type { Data, Member, Status } from "./member.ts";

/** The version of the frames below, told in `welcome`. */
export const PROTOCOL = 1;

/** The pair that the platform answers without waking the room (SPEC L1). */
export const PING = "ping";
export const PONG = "pong";

/** How long a socket may stay open with nobody signed in (SPEC T2). */
export const SIGN_IN_SECONDS = 10;

export type { ClientFrame } from "./client-frame.ts";
export type { Data, Member, Status } from "./member.ts";

/** The member behind this connection, and the status they chose (SPEC W1). */
export interface Self {
  id: string;
  chosen: Status | null;
}

/** The counts of a room at a version: a snapshot that left its members out (SPEC R6). */
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

/** The first frame on a socket (SPEC W1). `heartbeat` is in seconds, `expiresAt` ISO 8601. */
export interface Welcome {
  type: "welcome";
  protocol: typeof PROTOCOL;
  room: string;
  connection: string;
  self: Self;
  heartbeat: number;
  expiresAt: string;
}

/** Every frame the room sends, but for `pong`. */
export type ServerFrame =
  | Welcome
  | Snapshot
  | Delta
  | ({ type: "self" } & Self)
  | { type: "probe"; n?: number }
  | { type: "authenticate"; within: number }
  | { type: "expiring"; expiresAt: string }
  | { type: "renewed"; expiresAt: string; token?: string }
  | { type: "event"; id: string; name: string; data: unknown }
  | { type: "ack"; id: string }
  | { type: "error"; code: string; message: string; id?: string };
