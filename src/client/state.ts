import type { Snapshot } from "../protocol/messages.ts";
import type { ConnectionState, RoomState } from "./types.ts";

/** The state before the room has answered. */
export function stateOf(connection: ConnectionState, initial?: Snapshot): RoomState {
  const { members = [], online = 0, connections = 0 } = initial ?? {};
  return { connection, members, self: null, online, connections, watching: null, error: null };
}
