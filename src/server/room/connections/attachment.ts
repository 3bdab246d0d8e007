import type { RoomSession } from "../../session/room-session.ts";
import type { Offences } from "./flood.ts";
import { putBrief } from "./brief.ts";
import type { OwedProof } from "./backlog.ts";

/**
 * The platform throws above 16,384 bytes, its own framing included. A session has at most 12 KiB
 * (SPEC A2), and the rest less than 2 KiB.
 */
const MAX_BYTES = 16_000;
/** A scheme, the longest domain name, and a port. */
const MAX_ORIGIN_LENGTH = 270;

/** The longest IPv6 address. */
const MAX_ADDRESS_LENGTH = 45;

/**
 * A connection of a member or of a watcher, who may be a stranger (SPEC S3), or one that was signed
 * out and waits for another user (T6).
 */
export type ConnectionState =
  | { is: "member"; session: RoomSession; noticed: boolean }
  | { is: "stranger" }
  | { is: "waiting"; until: number };

/** The state that a socket carries through hibernation; times are milliseconds since 1970. */
export interface Attachment {
  id: string;
  view: "delta" | "snapshot" | "window";
  /** For a window: how many members it shows beside the watched ones (SPEC S4). */
  limit?: number;
  /** For a stranger's window: its limit once they have signed in; absent for the same (SPEC S3). */
  signedInLimit?: number;
  /** Whether it only watches and makes nobody present (SPEC S1). */
  watches?: true;
  /** The origin of the service that it connected to. */
  origin: string;
  /** Whether the person is away from it (SPEC W9). */
  idle?: boolean;
  /** When a place of the room was last lost, if that was noted on this socket (SPEC L4). */
  lossAt?: number;
  /** The address it came from, as it is counted; absent if unknown. */
  address?: string;
  /** Whether the service renews its session, for which it needs all of it (SPEC T5). */
  renews: boolean;
  state: ConnectionState;
  /** A sign of life: when it opened, or last answered a probe with a frame. */
  heardAt: number;
  probedAt: number | null;
  /** The proof of reading that it owes (SPEC W14). */
  owed: OwedProof | null;
  offences: Offences;
}

/** The attachment of 0.1.0. */
export type LegacyAttachment = Omit<Attachment, "renews" | "origin" | "owed"> & { host: string };

/** The initial state of a new connection; a stranger has no session. */
export type NewAttachment = Pick<
  Attachment,
  | "id"
  | "view"
  | "limit"
  | "signedInLimit"
  | "watches"
  | "idle"
  | "origin"
  | "renews"
  | "address"
  | "heardAt"
> & { session: RoomSession | null };

/** The attachment of a new connection; an origin that is cut equals no other. */
export function newAttachment({ session, address, ...init }: NewAttachment): Attachment {
  return {
    ...init,
    origin: init.origin.slice(0, MAX_ORIGIN_LENGTH),
    ...(address !== undefined && { address: address.slice(0, MAX_ADDRESS_LENGTH) }),
    state: session ? memberState(session, init.renews) : { is: "stranger" },
    probedAt: null,
    owed: null,
    offences: { bad: [], flooded: [] },
  };
}

/**
 * The state of a connection with a session. It has the part of the session that is read later; a
 * renewal needs all of it.
 */
export function memberState(session: RoomSession, renews: boolean): ConnectionState {
  return { is: "member", session: renews ? session : partOf(session), noticed: false };
}

function partOf(session: RoomSession): RoomSession {
  const { user, roles, id, issuedAt, undated, expiresAt, admission } = session;
  return {
    user: { id: user.id },
    roles,
    ...(id !== undefined && { id }),
    issuedAt,
    ...(undated && { undated }),
    expiresAt,
    ...(admission && { admission }),
  };
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A structured clone takes two bytes a character for a text that has one beyond Latin-1. */
function encodeText(text: string): string | Uint8Array | null {
  // Nearly all attachments take this path, in half the time.
  if (text.length * 2 <= MAX_BYTES) return text;
  const bytes = encoder.encode(text);
  return bytes.byteLength <= MAX_BYTES ? bytes : null;
}

/** The JSON of an attachment, with a brief if nothing else of it matters to a start. */
function jsonOf(attachment: Attachment): string {
  // One that was parsed has the brief of then.
  const json = JSON.stringify({ ...attachment, brief: undefined });
  const { id, view, watches, idle, lossAt, state, heardAt, probedAt, owed } = attachment;
  const isOrdinary = view === "delta" && !watches && !idle && lossAt === undefined;
  if (!isOrdinary || probedAt !== null || owed !== null) return json;
  if (state.is !== "member" || state.noticed) return json;
  const { user, expiresAt } = state.session;
  return putBrief(json, { id, user: user.id, heardAt, expiresAt });
}

/** Writes an attachment as JSON, as a text or in UTF-8; `null` if it does not fit. */
export function encodeAttachment(attachment: Attachment): string | Uint8Array | null {
  const encoded = encodeText(jsonOf(attachment));
  const { state } = attachment;
  if (encoded !== null || state.is !== "member") return encoded;
  // Only a session that 0.1.0 let in is this large. What is left out admits to less, never to more.
  const { user, rooms, ...session } = state.session;
  const least = { ...session, user: { id: user.id }, roles: [], ...(rooms && { rooms: [] }) };
  return encodeText(jsonOf({ ...attachment, state: { ...state, session: least } }));
}

/** Reads an attachment of {@link encodeAttachment}, or of 0.1.0, which attached the object itself. */
export function decodeAttachment(value: unknown): Attachment | null {
  if (typeof value === "string") return JSON.parse(value) as Attachment;
  if (value instanceof Uint8Array) return JSON.parse(decoder.decode(value)) as Attachment;
  if (value === null) return null;
  const { host, ...legacy } = value as LegacyAttachment;
  return { ...legacy, origin: `https://${host}`, renews: true, owed: null };
}
