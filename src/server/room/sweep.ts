import { CLOSE } from "../../protocol/close-codes.ts";
import type { Connection } from "./connection.ts";
import type { Presence } from "./presence.ts";

/** Probes who is silent, and ends the connections that did not answer theirs (SPEC L2, L3). */
export function removeStale(presence: Presence, now: number): void {
  const { stale, silent } = presence.connections.look(now);
  for (const connection of silent) presence.attempt(connection, now, () => connection.probe(now));
  for (const { connection, heardAt } of stale) {
    presence.attempt(connection, now, () => {
      presence.roster.end(now, connection.ref, heardAt);
      presence.close(connection, "stale", CLOSE.stale);
    });
  }
}

/** Ends the connections that do not read what they are sent (SPEC W14). */
export function removeNonReaders(presence: Presence, now: number): void {
  const snapshotLength = () => presence.broadcaster.snapshot().length;
  for (const connection of presence.connections.nonReaders(now, snapshotLength)) {
    presence.attempt(connection, now, () => {
      presence.roster.end(now, connection.ref, now);
      presence.close(connection, "unread", CLOSE.stale, "stale");
    });
  }
}

/** Ends the connections whose session has ended, or who never signed in; answers who is to get notice. */
export function expire(presence: Presence, now: number): Connection[] {
  const ending: Connection[] = [];
  for (const connection of presence.connections.takeDue(now)) {
    if (connection.session !== null && connection.session.expiresAt > now) ending.push(connection);
    else presence.attempt(connection, now, () => end(presence, connection, now));
  }
  return ending;
}

function end(presence: Presence, connection: Connection, now: number): void {
  if (connection.session === null) {
    presence.close(connection, "expired", CLOSE.session, "unauthenticated");
  } else {
    // The place is kept for the grace: with a new credential nobody sees them leave (SPEC L4).
    presence.roster.lose(now, connection.ref);
    presence.close(connection, "expired", CLOSE.session, "session_expired");
  }
}
