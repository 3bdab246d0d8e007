import type { Status } from "../../protocol/messages.ts";
import type { ShardCalls } from "../large/messages.ts";
import type { Revocation } from "../user/revocation.ts";
import type { Admission } from "../session/room-session.ts";

/** An event of the app's backend, and whom it is for: everybody if `to` is absent (SPEC B1). */
export interface RoomEvent {
  name: string;
  /** As JSON. */
  data: string;
  /** From the hub of a large room: the id that it has in all shards. */
  id?: string;
  to?: { users?: string[] | undefined; roles?: string[] | undefined };
}

/** The result of ending a user's connections. */
export interface Ended {
  /** How many connections were open. */
  closed: number;
  /** Whether the user still has a place. */
  isHere: boolean;
  /** When others saw them last, in milliseconds since 1970; `null` for never. */
  lastOnline: number | null;
}

/** A user as the others in a room see them; `lastOnline` is in milliseconds since 1970. */
export interface MemberView {
  status: Status;
  connections: number;
  lastOnline: number | null;
}

/** The counts of a room, as others see them. */
export interface Counts {
  readonly online: number;
  readonly connections: number;
}

/** The figures of a room for the app's backend (SPEC B10). */
export interface RoomStats {
  room: string;
  epoch: string;
  version: number;
  online: number;
  connections: number;
  /** All members that are kept, those who are offline included. */
  members: number;
  sockets: number;
  /** Connections removed as stale in this epoch. */
  ghosts: number;
  /** `oldest` is ISO 8601; `dead` counts messages, in this epoch. */
  outbox: { messages: number; events: number; oldest: string | null; dead: number };
}

/** The figures of a room's object: in a shard of a large room also how many members its copy has. */
export interface ObjectStats extends RoomStats {
  copy?: number | null;
}

/**
 * The calls that a room's object answers; an upgrade goes by `fetch`. During a gradual deploy old and
 * new versions call each other: rename none.
 */
export interface RoomObject extends Rpc.DurableObjectBranded, ShardCalls {
  fetch(request: Request): Promise<Response>;
  deliver(event: RoomEvent): Promise<number>;
  kick(user: string): Promise<number>;
  revoke(user: string, revocation: Revocation, stamp?: number): Promise<Ended | number>;
  forget(user: string, before: Admission): Promise<Ended>;
  sight(user: string, stamp: number): Promise<MemberView & { isHere: boolean }>;
  count(): Promise<Counts>;
  stats(): Promise<ObjectStats>;
  endLease(connection: string, closing: boolean, user?: string): Promise<boolean>;
}
