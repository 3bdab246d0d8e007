import type { Status } from "../../protocol/messages.ts";
import type { Revocation } from "../user/revocation.ts";
import type { Admission } from "./room-request.ts";

/** What the app's backend tells a room, and whom: everybody where `to` is absent (SPEC B1). */
export interface RoomEvent {
  name: string;
  /** As JSON. */
  data: string;
  to?: { users?: string[] | undefined; roles?: string[] | undefined };
}

/** What came of it that a user's object had connections ended. */
export interface Ended {
  /** How many lived. */
  closed: number;
  /** Whether the user has a place still. */
  isHere: boolean;
  /** When others saw them last, in milliseconds since 1970; `null` where they know of no such time. */
  lastOnline: number | null;
}

/** A user as the others in a room see them; `lastOnline` is in milliseconds since 1970. */
export interface MemberView {
  status: Status;
  connections: number;
  lastOnline: number | null;
}

/** How many are in a room, as others see it. */
export interface Counts {
  readonly online: number;
  readonly connections: number;
}

/** What the app's backend may know of a room beside who is there (SPEC B10). */
export interface RoomStats {
  room: string;
  epoch: string;
  version: number;
  online: number;
  connections: number;
  /** Those who are kept, the absent ones included. */
  members: number;
  sockets: number;
  /** Connections removed that did not say goodbye, in this epoch. */
  ghosts: number;
  /** `oldest` is ISO 8601; `dead` counts messages, in this epoch. */
  outbox: { messages: number; events: number; oldest: string | null; dead: number };
}

/** What a room's object may be called for; what needs a socket goes by `fetch`. */
export interface RoomObject extends Rpc.DurableObjectBranded {
  fetch(request: Request): Promise<Response>;
  deliver(event: RoomEvent): Promise<number>;
  kick(user: string): Promise<number>;
  revoke(user: string, revocation: Revocation, stamp?: number): Promise<Ended | number>;
  forget(user: string, before: Admission): Promise<Ended>;
  sight(user: string, stamp: number): Promise<MemberView & { isHere: boolean }>;
  count(): Promise<Counts>;
  stats(): Promise<RoomStats>;
  endLease(connection: string, closing: boolean): Promise<void>;
}
