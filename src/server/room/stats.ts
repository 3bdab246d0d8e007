import type { Roster } from "./roster.ts";
import type { Tally } from "./store.ts";
import type { OutboxStats } from "./webhooks/outbox.ts";

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
export function statsOf(
  room: string,
  parts: {
    roster: Roster;
    sockets: number;
    outbox: OutboxStats;
    tally: (tally: Tally) => number;
  },
): RoomStats {
  const { roster, sockets, outbox, tally } = parts;
  const { online, connections, size: members } = roster;
  const { epoch, version } = roster.list.state;
  const { messages, events, oldestAt } = outbox;
  const oldest = oldestAt === null ? null : new Date(oldestAt).toISOString();
  return {
    room,
    epoch,
    version,
    online,
    connections,
    members,
    sockets,
    ghosts: tally("ghosts"),
    outbox: { messages, events, oldest, dead: tally("dead") },
  };
}
