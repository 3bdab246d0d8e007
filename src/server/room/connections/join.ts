import { restrictsWatching } from "../../access/may-watch.ts";
import { Refusal } from "../../errors.ts";
import { log } from "../../log.ts";
import { ADMISSION_STALE, type JoinRequest, type WatchRequest } from "../room-request.ts";
import { admit, admitWatcher, isStale, retract, sealJoiner, welcome } from "./admission.ts";
import { Connection } from "./connection.ts";
import type { NewAttachment } from "./attachment.ts";
import { NOT_PRESENT } from "./leave.ts";
import type { RoomState } from "../room-state.ts";

/**
 * Answers an upgrade: accepts the socket of a member, a watcher or a stranger (SPEC R1, S1, S3, A6).
 *
 * @throws Refusal if it may not enter.
 */
export function join(
  room: RoomState,
  asked: JoinRequest | WatchRequest,
  now: number,
  accept: (ws: WebSocket) => void,
): Response {
  const { ask, requestId, since = null, window } = asked;
  const entrant = ask === "join" ? asked.joiner : asked.watcher;
  const session = entrant && sealJoiner(room, entrant, now);
  const user = session?.user.id;
  if (session && isStale(room, session, now))
    return new Response(null, { status: ADMISSION_STALE });
  const { 0: client, 1: server } = new WebSocketPair();
  const id = crypto.randomUUID();
  const connection = Connection.open(server, {
    ...attachmentOf(room, asked),
    id,
    session,
    heardAt: now,
  });
  const refused =
    ask === "join" && session
      ? admit(room, session, id, now, asked)
      : admitWatcher(room, session, asked.ticket);
  if (refused) throw new Refusal(refused, user);
  try {
    accept(server);
    const held = window?.isImplied ? null : since;
    welcome(room, connection, session, window?.isLater ? "later" : held, now);
  } catch (error) {
    retract(room, connection.ref, connection, now);
    throw error;
  }
  const present = ask === "watch" && NOT_PRESENT;
  log("join", { room: room.name, user, connection: id, requestId, ...present });
  return new Response(null, { status: 101, webSocket: client });
}

function attachmentOf(
  { config }: RoomState,
  asked: JoinRequest | WatchRequest,
): Omit<NewAttachment, "id" | "session" | "heardAt"> {
  const { ask, view, window, origin = "", address } = asked;
  return {
    view: window ? "window" : (view ?? "delta"),
    ...(window && { limit: window.limit }),
    ...(window?.signedInLimit !== undefined && { signedInLimit: window.signedInLimit }),
    ...(ask === "watch" && { watches: true }),
    ...(asked.ask === "join" && asked.idle && { idle: true }),
    origin,
    ...(address !== undefined && { address }),
    // An app's own rule may read any part of a session at any time.
    renews: config.renewal !== null || (window !== undefined && restrictsWatching()),
  };
}
