import type { RoomState } from "./room-state.ts";

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

/** Puts a room's stats together. */
export function statsOf({
  name: room,
  roster,
  connections: { size: sockets },
  outside,
  store,
}: Pick<RoomState, "name" | "roster" | "connections" | "outside" | "store">): RoomStats {
  const { online, connections, size: members } = roster;
  const { epoch, version } = roster.list.state;
  const { messages, events, oldestAt } = outside.stats();
  const oldest = oldestAt === null ? null : new Date(oldestAt).toISOString();
  return {
    room,
    epoch,
    version,
    online,
    connections,
    members,
    sockets,
    ghosts: store.tally("ghosts"),
    outbox: { messages, events, oldest, dead: store.tally("dead") },
  };
}
