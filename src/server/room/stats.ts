import type { RoomStats } from "./room-object.ts";
import type { RoomState } from "./room-state.ts";

/** Puts a room's stats together. */
export function statsOf({
  name: room,
  roster,
  connections: { size: sockets },
  webhooks,
  store,
}: Pick<RoomState, "name" | "roster" | "connections" | "webhooks" | "store">): RoomStats {
  const { online, connections, size: members } = roster;
  const { epoch, version } = roster.list.state;
  const { messages, events, oldestAt } = webhooks?.stats() ?? {
    messages: 0,
    events: 0,
    oldestAt: null,
  };
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
