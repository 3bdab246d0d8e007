import { mayWatch, restrictsWatching } from "../../access/may-watch.ts";
import { Refusal, type ErrorCode } from "../../errors.ts";
import type { ClientFrame } from "../../../protocol/messages.ts";
import type { Connection } from "../connections/connection.ts";
import { attempt } from "../connections/leave.ts";
import type { RoomSession } from "../../session/room-session.ts";
import type { RoomState } from "../room-state.ts";
import type { RunTurn } from "../task.ts";

type WatchFrame = Extract<ClientFrame, { type: "watch" }>;

/** Changes a connection's watch list (SPEC S5), as far as the app's rule, if any, allows (S6). */
export function watch(room: RoomState, connection: Connection, frame: WatchFrame): void {
  const { session } = connection;
  if (session === null) return refuse(room, connection, "room_forbidden", frame);
  if (!restrictsWatching()) return take(room, connection, frame, () => true);
  const before = connection.watching;
  room.start((runTurn) => {
    connection.watching = ask(room, connection, frame, session, before, runTurn);
    return connection.watching;
  });
}

/** Asks the app at once, and applies its answers in the order of the frames. */
async function ask(
  room: RoomState,
  connection: Connection,
  frame: WatchFrame,
  session: RoomSession,
  before: Promise<void> | null,
  runTurn: RunTurn,
): Promise<void> {
  const { id } = connection;
  const { env } = room.config;
  const [allowed] = await Promise.all([
    mayWatch(session, room.name, frame.add ?? [], { env }).catch((error: unknown) => error),
    before,
  ]);
  runTurn((now) => {
    // The connection may have ended meanwhile, or belong to another user or to nobody.
    if (room.connections.get(connection.ws) !== connection) return;
    if (connection.id !== id || !connection.isAdmitted) return;
    attempt(room, connection, now, () => {
      if (allowed instanceof Set) take(room, connection, frame, (user) => allowed.has(user));
      else if (allowed instanceof Refusal) refuse(room, connection, allowed.code, frame);
      else throw allowed;
    });
  });
}

function take(
  room: RoomState,
  connection: Connection,
  frame: WatchFrame,
  allowed: (user: string) => boolean,
): void {
  const { add = [], remove = [] } = frame;
  const verdict = room.watchLists.change(connection, { add, remove, allowed });
  if (verdict !== "changed") return refuse(room, connection, verdict, frame);
  room.broadcaster.rewatch(connection, add);
  room.replies.acknowledge(connection, frame.id);
}

function refuse(
  room: RoomState,
  connection: Connection,
  code: ErrorCode,
  { id }: WatchFrame,
): void {
  room.replies.refuse(connection, code, id);
  // A first state that waited for this frame can now be sent.
  room.broadcaster.rewatch(connection, []);
}
