import type { Data, Member, Self, Status } from "../protocol/messages.ts";

/**
 * `online` and `polling` mean that the room's state has come, over a socket or by plain HTTP;
 * `closed` is where the client stays away until it is told to join.
 */
export type ConnectionState = "connecting" | "online" | "reconnecting" | "polling" | "closed";

/** Why the client stays away, or which of its frames was refused: a code of the SPEC. */
export interface RoomError {
  code: string;
  message: string;
}

/** What a page shows of a room; a new object at each change, the same one in between. */
export interface RoomState {
  connection: ConnectionState;
  /** Ordered by id; what did not change stays the same object, the list included. */
  members: readonly Member[];
  /** With the status just chosen here, also before the room has it; `null` until it has welcomed. */
  self: Self | null;
  /** Members whose status is not offline. */
  online: number;
  /** Their connections. */
  connections: number;
  error: RoomError | null;
}

/** What the app changes of its member: absent keys stay as they are. */
export interface Change {
  status?: Status | null;
  data?: Data | null;
}

/** A room this page is present in. */
export interface RoomHandle {
  getSnapshot(): RoomState;
  /** Calls `listener` after each change; returns what ends that. */
  subscribe(listener: () => void): () => void;
  /** Chooses a status for all the user's tabs; `null` lets the room tell by presence. */
  setStatus(status: Status | null): void;
  /** Replaces the member's data; `null` takes it away. Throws on what is no object or over 1 KiB as JSON. */
  setData(data: Data | null): void;
  /** Enters where this handle has not, has left, or was closed. */
  join(): void;
  /** Leaves with no grace, once no other handle shares the connection; listeners are not told. */
  leave(): void;
}
