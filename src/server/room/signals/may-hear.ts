import type { Broadcaster } from "../broadcaster.ts";
import type { Connection } from "../connections/connection.ts";

/** A connection that has this much unread is sent no signals: they are not worth its memory. */
const MAX_UNREAD = 512 * 1024;

/**
 * Whether a connection is sent signals: not without a session, not before its first state, and not
 * while it has much unread (SPEC G1, G2).
 */
export function mayHear(connection: Connection, broadcaster: Broadcaster): boolean {
  if (connection.session === null || broadcaster.awaits(connection)) return false;
  return connection.backlog.unread < MAX_UNREAD;
}
