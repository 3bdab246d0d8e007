import { Refusal } from "../../errors.ts";
import { log } from "../../log.ts";
import { ADMISSION_STALE, type JoinRequest } from "../room-request.ts";
import { admit, isStale, retract, sealJoiner, welcome } from "./admission.ts";
import { Connection } from "./connection.ts";
import type { RoomState } from "../room-state.ts";

/**
 * Answers an upgrade: takes the session's new socket in (SPEC R1, A6).
 *
 * @throws Refusal where the session may not come in.
 */
export function join(
  room: RoomState,
  asked: JoinRequest,
  now: number,
  accept: (ws: WebSocket) => void,
): Response {
  const { requestId, since, view, origin = "", address } = asked;
  const session = sealJoiner(room, asked.joiner, now);
  const id = crypto.randomUUID();
  const user = session.user.id;
  if (isStale(room, session, now)) return new Response(null, { status: ADMISSION_STALE });
  const { 0: client, 1: server } = new WebSocketPair();
  const connection = Connection.open(server, {
    id,
    view: view ?? "delta",
    origin,
    ...(address !== undefined && { address }),
    renews: room.config.renewal !== null,
    session,
    heardAt: now,
  });
  const refused = admit(room, session, id, now, asked);
  if (refused) throw new Refusal(refused, user);
  try {
    accept(server);
    welcome(room, connection, session, since ?? null, now);
  } catch (error) {
    retract(room, connection.ref, connection, now);
    throw error;
  }
  log("join", { room: room.name, user, connection: id, requestId });
  return new Response(null, { status: 101, webSocket: client });
}
