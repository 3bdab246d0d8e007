/** A text, or the bytes of a binary frame. */
export type Frame = string | Uint8Array;

/** How clients of one system join, set a status, and read what they receive. */
export interface Dialect {
  /** The path of the upgrade. `silent` requests that nobody is notified, to fill a room untimed. */
  path(join: Join): string;
  headers(join: Join): string[];
  /** The first frames of a client. */
  greeting(join: Join): readonly Frame[];
  /** The frame by which a user becomes busy. */
  becomeBusy(user: number): Frame;
  /** The heartbeat of a client. */
  readonly heartbeat?: { text: string; everyMs: number };
  newView(shared: Shared, shown?: Shown): View;
}

export interface Join {
  port: number;
  room: string;
  user: number;
  /** The secret of sessions. */
  secret: string;
  silent: boolean;
  /** How many users will be in the room. */
  size: number;
  /** Of Rollcall and the floor: what the client is shown; absent, all of the room, as a member. */
  shown?: Shown;
}

/** Whom a connection watches: so many, picked from the room's first members. */
export interface Watches {
  watches: number;
  of: number;
}

/**
 * What a connection of Rollcall is shown where that is not all of the room as a member of it:
 * `counts`, as a member; `all`, as a watcher; or, as a watcher, those whom it watches.
 */
export type Shown = "counts" | "all" | Watches;

/** A client's view of the room. */
export interface View {
  /** How many members it knows to be online. */
  readonly online: number;
  /** Users that the last frame showed busy who were not before. */
  readonly changed: readonly number[];
  /** Takes a frame; returns one to send back, if the protocol requires it. */
  read(payload: Buffer): string | null;
}

/** The state shared by the clients of one process. */
export interface Shared {
  /** Members of the room once all are in. */
  size: number;
  /** Users in the order in which they were asked to change. */
  readonly order: number[];
  /** The parsed part of a frame that is the same for every client. */
  readonly memo: { key: string; users: number[] };
}

export const NONE: readonly number[] = [];

/** All ids have the same length, so that a list's length shows how many are in it. */
export function idOf(user: number): string {
  return `u${String(user).padStart(5, "0")}`;
}

export function nameOf(user: number): string {
  return `Person ${String(user).padStart(5, "0")}`;
}

/** The number in an id whose `u` stands at `at`. */
export function userAt(payload: Buffer, at: number): number {
  let user = 0;
  for (let index = at + 1; index <= at + 5; index++) user = user * 10 + payload[index]! - 48;
  return user;
}
