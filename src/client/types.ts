import type { Data, Member, Self, Status } from "../protocol/messages.ts";

/** `online` means that the room's state has come; `closed` is final. */
export type ConnectionState = "connecting" | "online" | "reconnecting" | "closed";

/** Why the client stays away, or which of its frames was refused: a code of the SPEC. */
export interface RoomError {
  code: string;
  message: string;
}

/** What a page shows of a room; a new object at each change, the same one in between. */
export interface RoomState {
  connection: ConnectionState;
  /** Ordered by id; a member that did not change stays the same object. */
  members: readonly Member[];
  /** `null` until the room has welcomed this connection. */
  self: Self | null;
  /** Members whose status is not offline. */
  online: number;
  /** Their connections. */
  connections: number;
  error: RoomError | null;
}

/** A room this page is present in. */
export interface RoomHandle {
  getSnapshot(): RoomState;
  /** Calls `listener` after each change; returns what ends that. */
  subscribe(listener: () => void): () => void;
  /** Chooses a status for all the user's tabs; `null` lets the room tell by presence. */
  setStatus(status: Status | null): void;
  /** Replaces the member's data, at most 1 KiB as JSON; `null` takes it away. */
  setData(data: Data | null): void;
  /** Leaves with no grace, for good. */
  leave(): void;
}
