import { errorMessage, type ErrorCode } from "../../errors.ts";
import type { Connection } from "./connection.ts";
import type { RoomState } from "../room-state.ts";

/** Tells that a frame took effect, where it asked for that (SPEC W7). */
export function acknowledge(
  { replies }: RoomState,
  connection: Connection,
  id: string | undefined,
): void {
  if (id !== undefined) replies.send(connection, { type: "ack", id });
}

/** Tells that a frame was refused (SPEC W6). */
export function sendError(
  { replies }: RoomState,
  connection: Connection,
  code: ErrorCode,
  id: string | undefined,
): void {
  const message = errorMessage(code);
  replies.send(connection, { type: "error", code, message, ...(id !== undefined && { id }) });
}

/** Tells a member's own tabs what was chosen, and nobody else (SPEC W1). */
export function tellSelf({ roster, connections, replies }: RoomState, user: string): void {
  const text = JSON.stringify({ type: "self", id: user, chosen: roster.chosenBy(user) });
  for (const connection of connections.of(user)) replies.send(connection, text);
}
