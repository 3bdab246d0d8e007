import type { ErrorCode } from "../protocol/error-code.ts";
import type {
  ClientFrame,
  Data,
  Member,
  Self,
  Signal,
  Status,
  WatcherWelcome,
  Welcome,
} from "../protocol/messages.ts";

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
  /** Another page has sent a signal: another member's, or another one of this user's. */
  signal: [signal: Signal];
}

/** The part of a connection that signals need. */
export interface Signalling {
  readonly state: RoomState;
  readonly isWatcher: boolean;
  /** The room's last welcome, which says whether it takes signals; `undefined` until it has come. */
  readonly welcome: Welcome | WatcherWelcome | undefined;
  /** Sends a frame that does not count towards the room's limit. */
  say(frame: ClientFrame): void;
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
  /**
   * Sends a signal to the other pages in the room, or to those of the users in `to`. It needs the
   * option `signals`. At most 25 are sent a second, of each name the last. Nothing is sent, now or
   * later, while the page is hidden or not connected. Throws without the option, and if the name has
   * no or more than 64 characters, or all of it takes more than 1 KiB as JSON.
   *
   * @example
   * room.signal("cursor", { x: 0.5, y: 0.25 });
   */
  signal(name: string, data?: unknown, options?: { to?: Iterable<string> }): void;
  /** Joins the room if this handle has not joined, has left, or was closed. */
  join(): void;
  /**
   * Leaves without a grace period, once no other handle shares the connection; listeners are not
   * called.
   */
  leave(): void;
}
