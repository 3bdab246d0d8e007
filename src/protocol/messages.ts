import * as v from "valibot";

/** The version of the frames below, told in `welcome`. */
export const PROTOCOL = 1;

/** The pair that the platform answers without waking the room (SPEC L1). */
export const PING = "ping";
export const PONG = "pong";

/** How long a socket may stay open with nobody signed in (SPEC T2). */
export const SIGN_IN_SECONDS = 10;

/** A client frame longer than this is refused (SPEC W11), in bytes. */
export const MAX_FRAME_BYTES = 4096;
/** `data` longer than this is refused (SPEC W8), in bytes of its JSON. */
export const MAX_DATA_BYTES = 1024;

const encoder = new TextEncoder();

/** Whether a text takes at most `limit` bytes in UTF-8; looks at each byte only where it must. */
export function fitsBytes(text: string, limit: number): boolean {
  if (text.length > limit) return false;
  return text.length * 3 <= limit || encoder.encode(text).byteLength <= limit;
}

export const statusSchema = v.picklist(["online", "away", "busy", "offline"]);
const idSchema = v.optional(v.pipe(v.string(), v.maxLength(64)));
export const dataSchema = v.pipe(
  v.custom<Data>((data) => typeof data === "object" && data !== null && !Array.isArray(data)),
  v.check(
    (data) => fitsBytes(JSON.stringify(data), MAX_DATA_BYTES),
    `must be at most ${MAX_DATA_BYTES} bytes as JSON`,
  ),
);

/** Every frame a client may send, but for `ping` (SPEC W8–W10, T2, T3, T6). */
export const clientFrameSchema = v.variant("type", [
  v.object({
    type: v.literal("update"),
    status: v.optional(v.nullable(statusSchema)),
    data: v.optional(v.nullable(dataSchema)),
    id: idSchema,
  }),
  v.object({ type: v.literal("idle"), idle: v.boolean(), id: idSchema }),
  v.object({ type: v.literal("leave"), id: idSchema }),
  v.object({ type: v.literal("sync"), id: idSchema }),
  v.object({ type: v.literal("auth"), token: v.string(), id: idSchema }),
  v.object({ type: v.literal("logout"), id: idSchema }),
]);

export type ClientFrame = v.InferOutput<typeof clientFrameSchema>;
export type Status = v.InferOutput<typeof statusSchema>;
/** A member's own data: any JSON object of at most {@link MAX_DATA_BYTES}. */
export type Data = Record<string, unknown>;

/** A user as everybody in the room sees them (SPEC R4). `lastOnline` is ISO 8601. */
export interface Member {
  id: string;
  name: string;
  image?: string;
  status: Status;
  connections: number;
  lastOnline: string | null;
  data?: Data;
}

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
export interface Snapshot extends Counts {
  members: Member[];
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
  | { type: "probe" }
  | { type: "authenticate"; within: number }
  | { type: "expiring"; expiresAt: string }
  | { type: "renewed"; expiresAt: string; token?: string }
  | { type: "event"; id: string; name: string; data: unknown }
  | { type: "ack"; id: string }
  | { type: "error"; code: string; message: string; id?: string };
