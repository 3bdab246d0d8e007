import type { Data, Status } from "../../protocol/messages.ts";
import type { Since } from "../../protocol/since.ts";
import type { Session } from "../session/session.ts";

/** What a user's object let a session in with; both grow from one to the next, by its own clock. */
export interface Admission {
  /** When the room was put on the user's list: the same as long as it stays there. */
  stamp: number;
  /** When this was, in milliseconds since 1970. */
  at: number;
}

/** A verified session as a room keeps it: one that does not say when it was issued has the time of its check. */
export type RoomSession = Session & {
  issuedAt: number;
  /** It does not say when it was issued. */
  undated?: true;
  /** Where sessions can be revoked (SPEC B3). */
  admission?: Admission;
  /** It came by a ticket, which admits to this room alone, renewed or not (SPEC T1). */
  onlyRoom?: string;
};

/** Makes a session fit for a room; `now` is in milliseconds. */
export function toRoomSession(session: Session, now: number): RoomSession {
  if (session.issuedAt !== undefined) return { ...session, issuedAt: session.issuedAt };
  return { ...session, issuedAt: now, undated: true };
}

/**
 * Whether a session takes the place of another of the same user (SPEC T3): the one issued later, or,
 * where that says nothing, checked later; of equal ones the one that lasts longer.
 *
 * @example
 * isNewer({ issuedAt: 2, expiresAt: 5 }, { issuedAt: 1, expiresAt: 9 }); // true
 */
export function isNewer(
  session: Pick<RoomSession, "issuedAt" | "expiresAt">,
  other: Pick<RoomSession, "issuedAt" | "expiresAt">,
): boolean {
  if (session.issuedAt !== other.issuedAt) return session.issuedAt > other.issuedAt;
  return session.expiresAt > other.expiresAt;
}

/** The status by which the room says that the joiner must be admitted anew by their user's object. */
export const ADMISSION_STALE = 409;

/** A ticket that was used to get in: good once, and to be remembered until it expires (SPEC T1). */
export interface UsedTicket {
  id: string;
  /** Milliseconds since 1970. */
  expiresAt: number;
}

/** A lease to make or to renew (SPEC P1). */
export interface Lease {
  /** What the caller knows it by; not to be kept. */
  token: string;
  /** What the room knows it by. */
  connection: string;
  isNew: boolean;
  update: {
    status?: Status | null | undefined;
    data?: Data | null | undefined;
    idle?: boolean | undefined;
  };
}

/** The status by which the room says that it knows no such lease of this user. */
export const LEASE_UNKNOWN = 410;

/** What every request tells. */
interface Asking {
  requestId: string;
  /** What the caller holds already. */
  since?: Since;
}

/** The part of a room that is to be shown (SPEC S4). */
export interface AskedWindow {
  limit: number;
  /** Those who are watched, and those of them who may not be (SPEC S6), where nothing is kept of it. */
  watched?: string[];
  denied?: string[];
}

/** To read the room (SPEC R3, R6). */
export interface ReadRequest extends Asking {
  ask: "read";
  /** Only counts are asked for. */
  countsOnly?: true;
  window?: AskedWindow;
  /** The members after an id, at most so many (SPEC S7). */
  page?: { after: string; limit: number };
}

/** How a socket is told of the room. */
interface Telling {
  /** What each change is told as. */
  view?: "snapshot";
  /** What it is shown; all where absent. `isLater`: once it has said whom it watches. */
  window?: Pick<AskedWindow, "limit"> & { isLater?: true };
  /** The origin they joined by: tokens over the socket are judged as ones that came to it. */
  origin?: string;
  /** The address they joined from, as it is counted: tokens over the socket that fail count too. */
  address?: string;
}

/** To join it by a socket (SPEC R1). */
export interface JoinRequest extends Asking, Telling {
  ask: "join";
  joiner: RoomSession;
  /** What they joined with, where it is good once. */
  ticket?: UsedTicket;
  /** The person is not at the connection (SPEC M5). */
  idle?: true;
  /** The host they joined by; what 0.1.0 reads. */
  host?: string;
}

/** To watch it by a socket, without being in it (SPEC S1). */
export interface WatchRequest extends Asking, Telling {
  ask: "watch";
  /** `null` for a stranger, who is told counts alone (SPEC S3). */
  watcher: RoomSession | null;
  ticket?: UsedTicket;
}

/** To make or renew a lease, without a socket (SPEC P1). */
export interface HoldRequest extends Asking {
  ask: "hold";
  joiner: RoomSession;
  ticket?: UsedTicket;
  lease: Lease;
  window?: AskedWindow;
}

/**
 * What the Worker asks of the room, once it has checked the request. During a gradual deploy an old
 * and a new version talk to each other: add keys, never change one.
 */
export type RoomRequest = ReadRequest | JoinRequest | WatchRequest | HoldRequest;

/** What Workers of 0.1.0 asked by a request, and now do by a call. */
export type OldRequest =
  | { ask: "stats"; requestId: string; statsOnly: true }
  | { ask: "leave"; requestId: string; leaving: { connection: string; closing: boolean } };

/** What 0.1.0 tells, whose requests have no `ask`: what else they have tells them apart. */
export type Untagged = Pick<HoldRequest, "requestId" | "since" | "ticket"> &
  Partial<Pick<JoinRequest, "joiner" | "view" | "idle" | "host">> &
  Partial<Pick<HoldRequest, "lease">> &
  Pick<ReadRequest, "countsOnly"> & {
    ask?: undefined;
    statsOnly?: true;
    leaving?: { connection: string; closing: boolean };
  };

const HEADER = "x-rollcall-request";

/** What the room is asked by; all that is asked stands in the header. */
export const ROOM_URL = "https://room/";

/**
 * Makes the request that goes to the room, from nothing but what was checked: no header of the
 * caller's gets there but its condition (SPEC A8).
 *
 * @example
 * await stub.fetch(ROOM_URL, toRoom({ ask: "join", requestId, joiner }, c.req.raw));
 */
export function toRoom(request: RoomRequest | OldRequest, original: Request): RequestInit {
  const condition = original.headers.get("If-None-Match");
  return {
    headers: {
      [HEADER]: encodeURIComponent(JSON.stringify(request)),
      ...((request.ask === "join" || request.ask === "watch") && { Upgrade: "websocket" }),
      ...(condition !== null && { "If-None-Match": condition }),
    },
  };
}

/** Reads in the room what {@link toRoom} wrote, here or in 0.1.0; only a Worker can reach the room. */
export function fromWorker(request: Request): RoomRequest | OldRequest {
  const text = decodeURIComponent(request.headers.get(HEADER) ?? "");
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
