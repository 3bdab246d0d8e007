import type { ErrorCode } from "../protocol/error-code.ts";
import type { Data, Member, Self, Status } from "../protocol/messages.ts";

/**
 * `online` and `polling` mean that the room's state has come, over a socket or plain HTTP; `closed`
 * means that the client stays away until `join()`.
 */
export type ConnectionState = "connecting" | "online" | "reconnecting" | "polling" | "closed";

/** Why the client stays away or is not there yet, or which of its frames was refused. */
export interface RoomError {
  /** A code of the SPEC, or `kicked` by the app's backend. */
  code: ErrorCode | "kicked";
  message: string;
}

/** The state of a room for a page; a new object at each change, the same one in between. */
export interface RoomState<D extends object = Data> {
  connection: ConnectionState;
  /** Ordered by id; unchanged members, and an unchanged list, stay the same objects. */
  members: readonly Member<D>[];
  /**
   * Includes a status just chosen here before the room has it; `null` until the room has answered.
   */
  self: Self | null;
  /** The number of members who are not offline. */
  online: number;
  /** The number of their connections. */
  connections: number;
  /** The number of watchers (`present: false`); `null` until a window has received it. */
  watching: number | null;
  error: RoomError | null;
}

/** The app's changes to its member; absent keys keep their values. */
export interface Change {
  status?: Status | null;
  data?: Data | null;
}

/** An event that the app's backend sent (SPEC B1); `data` is as it was given. */
export interface RoomEvent {
  /** `<epoch>.<number>`, whose number grows. */
  id: string;
  name: string;
  data: unknown;
}

/** The events of a room by name, with the arguments of their listeners. */
export interface RoomEvents<D extends object = Data> {
  /** A member who was absent or offline is here. */
  join: [member: Member<D>];
  /** A member is offline, or absent: then `member` is as they were last shown. */
  leave: [member: Member<D>];
  /** A member has changed in another way. */
  change: [member: Member<D>, before: Member<D>];
  /** The app's backend has sent an event. */
  event: [event: RoomEvent];
}

/** A room that this page is present in. `D` is the type of members' data. */
export interface RoomHandle<D extends object = Data> {
  getSnapshot(): RoomState<D>;
  /** Calls `listener` after each change; returns a function that ends this. */
  subscribe(listener: () => void): () => void;
  /**
   * Calls `listener` for each change of one kind, a member at a time; `getSnapshot()` has it already.
   * It is not called for members who were there before, or still are after a reconnect. Returns a
   * function that ends this.
   *
   * @example
   * room.on("join", ({ name }) => console.log(`${name} is here`));
   */
  on<Name extends keyof RoomEvents>(
    name: Name,
    listener: (...told: RoomEvents<D>[Name]) => void,
  ): () => void;
  /** Chooses a status for all the user's tabs; `null` goes back to automatic. */
  setStatus(status: Status | null): void;
  /**
   * Replaces the member's data; `null` removes it. Throws if it is not an object, or over 1 KiB as
   * JSON.
   */
  setData(data: D | null): void;
  /**
   * Shows these users while they are watched, as offline if the room does not know them. It throws
   * without the option `window`. At most 500 are watched at a time. Returns a function that ends
   * this.
   *
   * @example
   * const end = room.watch(["ada", "bob"]);
   */
  watch(ids: Iterable<string>): () => void;
  /** Joins the room if this handle has not joined, has left, or was closed. */
  join(): void;
  /**
   * Leaves without a grace period, once no other handle shares the connection; listeners are not
   * called.
   */
  leave(): void;
}
