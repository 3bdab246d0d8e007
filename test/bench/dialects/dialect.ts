/** How clients of one system ask to join, tell a status, and read what they are told. */
export interface Dialect {
  /** The path of the upgrade. `silent` asks that nobody be told, to fill a room untimed. */
  path(join: Join): string;
  headers(join: Join): string[];
  /** What a client says first. */
  greeting(join: Join): readonly string[];
  /** The frame by which a user becomes busy. */
  becomeBusy(user: number): string;
  /** What a client has to say from time to time to be taken for alive. */
  readonly heartbeat?: { text: string; everyMs: number };
  newView(shared: Shared, shown?: Shown): View;
}

export interface Join {
  port: number;
  room: string;
  user: number;
  /** What sessions are signed with. */
  secret: string;
  silent: boolean;
  /** How many are going to be in the room. */
  size: number;
  /** Of Rollcall alone: what the client is shown; absent, the whole room, as a member of it. */
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

/** What a client has been told. */
export interface View {
  /** How many members it knows to be online. */
  readonly online: number;
  /** Users that the last frame showed busy who were not before. */
  readonly changed: readonly number[];
  /** Takes a frame; answers one to send back, where the protocol asks for it. */
  read(payload: Buffer): string | null;
}

/** What the clients of one process have in common. */
export interface Shared {
  /** Members of the room once all are in. */
  size: number;
  /** Users in the order in which they were told to change. */
  readonly order: number[];
  /** What was read of a frame that every client gets alike. */
  readonly memo: { key: string; users: number[] };
}

export const NONE: readonly number[] = [];

/** All ids have one length, so that a list's length tells how many are in it. */
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
