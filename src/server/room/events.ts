import type { Connection } from "./connections/connection.ts";
import type { RoomEvent } from "./room-object.ts";
import type { RoomState } from "./room-state.ts";

function isMeant({ session }: Connection, { users, roles }: NonNullable<RoomEvent["to"]>): boolean {
  if (session === null) return false;
  if (users?.includes(session.user.id)) return true;
  return roles?.some((role) => session.roles.includes(role)) ?? false;
}

/** Sends an event to the connections it is meant for, in the order of the room; answers how many. */
export function deliver(
  room: Pick<RoomState, "connections" | "replies" | "nextEventId">,
  { name, data, to }: RoomEvent,
): number {
  const meant = [...room.connections].filter(
    (connection) => connection.session !== null && (!to || isMeant(connection, to)),
  );
  if (meant.length === 0) return 0;
  const id = room.nextEventId();
  const head = JSON.stringify({ type: "event", id, name });
  const text = `${head.slice(0, -1)},"data":${data}}`;
  for (const connection of meant) room.replies.send(connection, text);
  return meant.length;
}
