import { CLOSE } from "../../../protocol/close-codes.ts";
import type { Connection } from "./connection.ts";
import { attempt, close, type Exit } from "./departure.ts";
import { tellEnding } from "./renewal.ts";
import type { RoomState } from "../room-state.ts";

/** After a fault in the alarm, when it is tried again. */
export const RETRY_MS = 10_000;

/** Does all that is due; no step waits for another that fails, and what failed is tried again (SPEC L7). */
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

/** Probes who is silent, and ends the connections that did not answer theirs (SPEC L2, L3). */
function removeStale(room: Exit, now: number): void {
  const { stale, silent } = room.connections.look(now);
  for (const connection of silent) attempt(room, connection, now, () => connection.probe(now));
  for (const { connection, heardAt } of stale) {
    attempt(room, connection, now, () => {
      room.roster.end(now, connection.ref, heardAt);
      close(room, connection, "stale", CLOSE.stale);
    });
  }
}

/** Ends the connections that do not read what they are sent (SPEC W14). */
function removeNonReaders(room: Exit, now: number): void {
  const snapshotLength = () => room.broadcaster.snapshot().length;
  for (const connection of room.connections.nonReaders(now, snapshotLength)) {
    attempt(room, connection, now, () => {
      room.roster.end(now, connection.ref, now);
      close(room, connection, "unread", CLOSE.stale, "stale");
    });
  }
}

/** Ends the connections whose session has ended, or who never signed in; answers who is to get notice. */
function expire(room: Exit, now: number): Connection[] {
  const ending: Connection[] = [];
  for (const connection of room.connections.takeDue(now)) {
    if (connection.session !== null && connection.session.expiresAt > now) ending.push(connection);
    else attempt(room, connection, now, () => end(room, connection, now));
  }
  return ending;
}

function end(room: Exit, connection: Connection, now: number): void {
  if (connection.session === null) {
    close(room, connection, "expired", CLOSE.session, "unauthenticated");
  } else {
    // The place is kept for the grace: with a new credential nobody sees them leave (SPEC L4).
    room.roster.lose(now, connection.ref);
    close(room, connection, "expired", CLOSE.session, "session_expired");
  }
}
