import type { Data, Status } from "../../protocol/messages.ts";
import type { Since } from "../../protocol/since.ts";
import type { UsedTicket } from "../session/own-tokens.ts";
import type { RoomSession } from "../session/room-session.ts";

/** The status for a joiner that the user's object must admit again. */
export const ADMISSION_STALE = 409;

/** A lease to create or to renew (SPEC P1). */
export interface Lease {
  /** The caller's token for it; not to be kept. */
  token: string;
  /** The room's id for it. */
  connection: string;
  isNew: boolean;
  /** The room's id for the lease that a new one is for, if there was one. */
  replaces?: string | undefined;
  update: {
    status?: Status | null | undefined;
    data?: Data | null | undefined;
    idle?: boolean | undefined;
  };
}

/** The status for a lease that the room does not know of this user. */
export const LEASE_UNKNOWN = 410;

/** The keys of every request. */
interface Asking {
  requestId: string;
  /** The state that the caller holds already. */
  since?: Since;
}

/** The part of a room to show (SPEC S4). */
export interface AskedWindow {
  limit: number;
  /** It was not asked for (SPEC S7): what the caller holds may be the whole list. */
  isImplied?: true;
  /**
   * The watched users, and those of them who may not be watched (SPEC S6), if no watch list is
   * kept.
   */
  watched?: string[];
  denied?: string[];
}

/** A read of the room (SPEC R3, R6). */
export interface ReadRequest extends Asking {
  ask: "read";
  /** Whether only counts are requested. */
  countsOnly?: true;
  window?: AskedWindow;
  /** The members after an id, up to a limit (SPEC S7). */
  page?: { after: string; limit: number };
}

/** How a socket receives the room's state. */
interface SocketOptions {
  /** How changes are sent; a `delta` if absent. */
  view?: "snapshot";
  /**
   * The window it is shown; the whole room if absent. `isLater`: only after it has sent its watch
   * list. `signedInLimit`: the limit once a stranger has signed in (SPEC S3).
   */
  window?: Pick<AskedWindow, "limit" | "isImplied"> & { isLater?: true; signedInLimit?: number };
  /** The origin they joined at: tokens over the socket are judged as if they came to it. */
  origin?: string;
  /**
   * The address they joined from, as it is counted: failing tokens over the socket count against
   * it.
   */
  address?: string;
}

/** A join over a socket (SPEC R1). */
export interface JoinRequest extends Asking, SocketOptions {
  ask: "join";
  joiner: RoomSession;
  /** The ticket they joined with, if any. */
  ticket?: UsedTicket;
  /** Whether the person is away from the connection (SPEC M5). */
  idle?: true;
  /** The host they joined at; read by 0.1.0. */
  host?: string;
}

/** A watcher's socket, which does not make its user present (SPEC S1). */
export interface WatchRequest extends Asking, SocketOptions {
  ask: "watch";
  /** `null` for a stranger, who gets counts alone (SPEC S3). */
  watcher: RoomSession | null;
  ticket?: UsedTicket;
}

/** A lease to create or renew, without a socket (SPEC P1). */
export interface HoldRequest extends Asking {
  ask: "hold";
  joiner: RoomSession;
  ticket?: UsedTicket;
  lease: Lease;
  window?: AskedWindow;
}

/**
 * A request of the Worker to a room, after its checks. During a gradual deploy an old and a new
 * version call each other: add keys, never change one.
 */
export type RoomRequest = ReadRequest | JoinRequest | WatchRequest | HoldRequest;

/** Requests of Workers of 0.1.0 that are calls now. */
export type OldRequest =
  | { ask: "stats"; requestId: string; statsOnly: true }
  | { ask: "leave"; requestId: string; leaving: { connection: string; closing: boolean } };

/** A request from version 0.1.0. It has no `ask`; its other keys identify its kind. */
export type Untagged = Pick<HoldRequest, "requestId" | "since" | "ticket"> &
  Partial<Pick<JoinRequest, "joiner" | "view" | "idle" | "host">> &
  Partial<Pick<HoldRequest, "lease">> &
  Pick<ReadRequest, "countsOnly"> & {
    ask?: undefined;
    statsOnly?: true;
    leaving?: { connection: string; closing: boolean };
  };

const HEADER = "x-rollcall-request";

/** A text that a header takes as it is, and that says the same decoded. */
const PLAIN = /^[ -$&-~]*$/;

/** The URL of every request to a room; the request itself is in a header. */
export const ROOM_URL = "https://room/";

/**
 * Makes the request to the room from checked values alone: the only header of the caller's that is
 * passed on is `If-None-Match` (SPEC A8).
 *
 * @example
 * await stub.fetch(ROOM_URL, toRoom({ ask: "join", requestId, joiner }, c.req.raw));
 */
export function toRoom(request: RoomRequest | OldRequest, original: Request): RequestInit {
  const condition = original.headers.get("If-None-Match");
  const text = JSON.stringify(request);
  return {
    headers: {
      [HEADER]: PLAIN.test(text) ? text : encodeURIComponent(text),
      ...((request.ask === "join" || request.ask === "watch") && { Upgrade: "websocket" }),
      ...(condition !== null && { "If-None-Match": condition }),
    },
  };
}

/**
 * Reads in the room what {@link toRoom} wrote, here or in 0.1.0; only a Worker can reach the room.
 */
export function fromWorker(request: Request): RoomRequest | OldRequest {
  const header = request.headers.get(HEADER) ?? "";
  const text = header.includes("%") ? decodeURIComponent(header) : header;
  const asked = JSON.parse(text) as RoomRequest | OldRequest | Untagged;
  return asked.ask === undefined ? tag(asked) : asked;
}

function tag(untagged: Untagged): RoomRequest | OldRequest {
  const { statsOnly, leaving, joiner, lease, ask: _, ...asked } = untagged;
  const { requestId } = asked;
  if (leaving) return { ask: "leave", requestId, leaving };
  if (statsOnly) return { ask: "stats", requestId, statsOnly };
  if (joiner && lease) return { ask: "hold", ...asked, joiner, lease };
  if (joiner) return { ask: "join", ...asked, joiner, origin: `https://${asked.host}` };
  return { ask: "read", ...asked };
}
