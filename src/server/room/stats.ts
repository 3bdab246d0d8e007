import type { ObjectStats } from "./room-object.ts";
import type { RoomState } from "./room-state.ts";

const EMPTY_OUTBOX = { messages: 0, events: 0, oldestAt: null };

/** The room's figures (SPEC B10). */
export function statsOf({
  name: room,
  roster,
  connections,
  webhooks,
  store,
  link,
}: RoomState): ObjectStats {
  const { state, online, connections: shown } = roster.list;
  const { messages, events, oldestAt } = webhooks?.outbox.stats() ?? EMPTY_OUTBOX;
  return {
    room,
    epoch: state.epoch,
    version: state.version,
    online,
    connections: shown,
    members: roster.size,
    sockets: connections.size,
    ghosts: store.tally("ghosts"),
    outbox: {
      messages,
      events,
      oldest: oldestAt === null ? null : new Date(oldestAt).toISOString(),
      dead: store.tally("dead"),
    },
    ...(link && { copy: link.copy.isComplete ? link.copy.size : null }),
  };
}
