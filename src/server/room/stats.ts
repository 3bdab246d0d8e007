import type { RoomStats } from "./room-object.ts";
import type { RoomState } from "./room-state.ts";

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
