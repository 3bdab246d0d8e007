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

/** A lease to end (SPEC P2); `closing` leaves a grace. */
export interface Leaving {
  connection: string;
  closing: boolean;
}

/**
 * What the Worker tells the room of a request it has checked. During a gradual deploy an old and a
 * new version talk to each other: add keys, never change one.
 */
export interface RoomRequest {
  requestId: string;
  /** What the caller holds already. */
  since?: Since;
  /** What each change is told as. */
  view?: "snapshot";
  /** The person is not at the connection (SPEC M5). */
  idle?: true;
  /** Only counts are asked for. */
  countsOnly?: true;
  /** Only what the backend may know of it is asked for (SPEC B10). */
  statsOnly?: true;
  /** Who joins. */
  joiner?: RoomSession;
  /** The host they joined by; what 0.1.0 told. */
  host?: string;
  /** The origin they joined by: tokens over the socket are judged as ones that came to it. */
  origin?: string;
  /** The address they joined from, as it is counted: tokens over the socket that fail count too. */
  address?: string;
  /** What they joined with, where it is good once. */
  ticket?: UsedTicket;
  /** The joiner comes without a socket. */
  lease?: Lease;
  leaving?: Leaving;
}

const HEADER = "x-rollcall-request";

/** What the room is asked by; all that is asked stands in the header. */
export const ROOM_URL = "https://room/";

/**
 * Makes the request that goes to the room, from nothing but what was checked: no header of the
 * caller's gets there but its condition (SPEC A8).
 *
 * @example
 * await stub.fetch(ROOM_URL, toRoom({ requestId, joiner }, c.req.raw));
 */
export function toRoom(request: RoomRequest, original: Request): RequestInit {
  const condition = original.headers.get("If-None-Match");
  return {
    headers: {
      [HEADER]: encodeURIComponent(JSON.stringify(request)),
      ...(request.joiner && !request.lease && { Upgrade: "websocket" }),
      ...(condition !== null && { "If-None-Match": condition }),
    },
  };
}

/** Reads in the room what {@link toRoom} wrote; only this Worker can reach the room. */
export function fromWorker(request: Request): RoomRequest {
  return JSON.parse(decodeURIComponent(request.headers.get(HEADER) ?? "")) as RoomRequest;
}
