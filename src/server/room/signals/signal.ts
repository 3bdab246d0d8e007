import type { ClientFrame } from "../../../protocol/messages.ts";
import type { ErrorCode } from "../../errors.ts";
import type { Connection } from "../connections/connection.ts";
import type { RoomState } from "../room-state.ts";
import type { Signals } from "./signals.ts";

type SignalFrame = Extract<ClientFrame, { type: "signal" }>;

/** Takes a `signal`, or answers why not (SPEC G1–G3). */
export function signal(
  room: RoomState,
  signals: Signals,
  connection: Connection,
  frame: SignalFrame,
  now: number,
): void {
  const limit = signals.limitOf(connection);
  const refused = limit.accepts(now) ? take(room, signals, connection, frame) : "rate_limited";
  if (refused === null || (refused === "rate_limited" && !limit.answers(now))) return;
  room.replies.refuse(connection, refused, frame.id);
}

function take(
  { roster, connections, link }: RoomState,
  signals: Signals,
  connection: Connection,
  frame: SignalFrame,
): ErrorCode | null {
  const { user = "", isWatcher } = connection;
  if (isWatcher) return "not_present";
  if (link !== null) return "room_too_large";
  if (!roster.isShown(user)) return "hidden";
  return signals.put(connection, user, frame, connections.size) ? null : "rate_limited";
}
