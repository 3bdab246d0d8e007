import type { Connection } from "./connections/connection.ts";
import type { RoomEvent } from "./room-object.ts";
import type { RoomState } from "./room-state.ts";

function isMeant({ session }: Connection, to: RoomEvent["to"]): boolean {
  if (session === null) return false;
  if (!to || to.users?.includes(session.user.id)) return true;
  return to.roles?.some((role) => session.roles.includes(role)) ?? false;
}

/** Sends an event to the connections it is for, in the room's order; returns how many (SPEC B1). */
export function deliver(room: RoomState, { name, data, to, id: given }: RoomEvent): number {
  const meant = [...room.connections].filter((connection) => isMeant(connection, to));
  if (meant.length === 0) return 0;
  const id = given ?? room.store.nextEventId(room.roster.list.epoch);
  const head = JSON.stringify({ type: "event", id, name });
  const text = `${head.slice(0, -1)},"data":${data}}`;
  for (const connection of meant) room.replies.send(connection, text);
  return meant.length;
}
