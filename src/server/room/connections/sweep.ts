import { CLOSE } from "../../../protocol/close-codes.ts";
import { MAX_WINDOW } from "../../../protocol/messages.ts";
import type { Connection } from "./connection.ts";
import { attempt, close, end } from "./leave.ts";
import { tellEnding } from "./renewal.ts";
import type { RoomState } from "../room-state.ts";

/** How long after a fault the alarm is tried again. */
export const RETRY_MS = 10_000;

/** Does all that is due. A step that fails does not stop the others, and is tried again (SPEC L7). */
export function sweep(room: RoomState, now: number): void {
  let ending: Connection[] = [];
  const steps = [
    () => room.advance(now),
    () => (ending = expire(room, now)),
    () => removeStale(room, now),
    () => removeNonReaders(room, now),
    () => tellEnding(room, ending, now),
  ];
  for (const step of steps) {
    try {
      step();
    } catch (error) {
      room.logFault(error);
      room.alarm.wakeBy(now + RETRY_MS);
    }
  }
}

/** Probes silent connections, and ends those that did not answer their probe (SPEC L2, L3). */
function removeStale(room: RoomState, now: number): void {
  const { stale, silent } = room.connections.look(now);
  for (const connection of silent) attempt(room, connection, now, () => connection.probe(now));
  for (const { connection, heardAt } of stale) {
    attempt(room, connection, now, () => end(room, connection, "stale", now, heardAt));
  }
}

/** Ends the connections that do not read (SPEC W14). */
function removeNonReaders(room: RoomState, now: number): void {
  // In a large room a snapshot is one of a window.
  const snapshot = () =>
    room.link ? room.texts.window({ limit: MAX_WINDOW }, null) : room.texts.snapshot();
  const snapshotLength = () => snapshot().length;
  for (const connection of room.connections.nonReaders(now, snapshotLength)) {
    attempt(room, connection, now, () => end(room, connection, "unread", now));
  }
}

/** Ends connections whose session has ended, or that never signed in; returns those to be given notice. */
function expire(room: RoomState, now: number): Connection[] {
  const ending: Connection[] = [];
  for (const connection of room.connections.takeDue(now)) {
    if (connection.session !== null && connection.session.expiresAt > now) ending.push(connection);
    else attempt(room, connection, now, () => endSession(room, connection, now));
  }
  return ending;
}

function endSession(room: RoomState, connection: Connection, now: number): void {
  if (connection.session !== null) end(room, connection, "expired", now);
  else close(room, connection, "expired", CLOSE.session, "unauthenticated");
}
