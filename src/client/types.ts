import type { ErrorCode } from "../protocol/error-code.ts";
import type { Data, Member, Self, Status } from "../protocol/messages.ts";

/**
 * `online` and `polling` mean that the room's state has come, over a socket or by plain HTTP;
 * `closed` is where the client stays away until it is told to join.
 */
export type ConnectionState = "connecting" | "online" | "reconnecting" | "polling" | "closed";

/** Why the client stays away or is not there yet, or which of its frames was refused. */
export interface RoomError {
  /** A code of the SPEC, or `kicked` by the app's backend. */
  code: ErrorCode | "kicked";
  message: string;
}

/** What a page shows of a room; a new object at each change, the same one in between. */
export interface RoomState<D extends object = Data> {
  connection: ConnectionState;
  /** Ordered by id; what did not change stays the same object, the list included. */
  members: readonly Member<D>[];
  /** With the status just chosen here, also before the room has it; `null` until it has welcomed. */
  self: Self | null;
  /** Members whose status is not offline. */
  online: number;
  /** Their connections. */
  connections: number;
  /** How many watch the room with `present: false`; `null` until a window is told. */
  watching: number | null;
  error: RoomError | null;
}

/** What the app changes of its member: absent keys stay as they are. */
export interface Change {
  status?: Status | null;
  data?: Data | null;
}

/** What the app's backend told those in the room (SPEC B1); `data` is as it was given. */
export interface RoomEvent {
  /** `<epoch>.<number>`, whose number grows. */
  id: string;
  name: string;
  data: unknown;
}

/** What a room tells, by its name, and what a listener is called with. */
export interface RoomEvents<D extends object = Data> {
  /** Somebody is here who was absent or offline. */
  join: [member: Member<D>];
  /** Somebody is offline, or absent: then `member` is as they were last shown. */
  leave: [member: Member<D>];
  /** A member has changed in another way. */
  change: [member: Member<D>, before: Member<D>];
  /** The app's backend has told something. */
  event: [event: RoomEvent];
}

/** A room this page is present in. `D` is what the app keeps as members' data. */
export interface RoomHandle<D extends object = Data> {
  getSnapshot(): RoomState<D>;
  /** Calls `listener` after each change; returns what ends that. */
  subscribe(listener: () => void): () => void;
  /**
   * Calls `listener` with each change of one kind, a member at a time; `getSnapshot()` has it already.
   * Who was there before, or is there still after a reconnect, is not told. Returns what ends that.
   *
   * @example
   * room.on("join", ({ name }) => console.log(`${name} is here`));
   */
  on<Name extends keyof RoomEvents>(
    name: Name,
    listener: (...told: RoomEvents<D>[Name]) => void,
  ): () => void;
  /** Chooses a status for all the user's tabs; `null` lets the room tell by presence. */
  setStatus(status: Status | null): void;
  /** Replaces the member's data; `null` takes it away. Throws on what is no object or over 1 KiB as JSON. */
  setData(data: D | null): void;
  /**
   * Shows these users for as long as they are watched, as offline where the room does not know them;
   * without the option `window` it throws. At most 500 are watched at a time. Returns what ends that.
   *
   * @example
   * const end = room.watch(["ada", "bob"]);
   */
  watch(ids: Iterable<string>): () => void;
  /** Enters where this handle has not, has left, or was closed. */
  join(): void;
  /** Leaves with no grace, once no other handle shares the connection; listeners are not told. */
  leave(): void;
}
