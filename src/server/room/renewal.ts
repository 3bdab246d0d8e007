import { mintSession } from "../session/own-tokens.ts";
import type { Connection } from "./connection.ts";
import type { Presence } from "./presence.ts";

/**
 * Tells connections that their session ends soon, or, where the service renews by itself, gives
 * each a later end and a token that a later connect may present (SPEC T4, T5).
 */
export async function tellEnding(presence: Presence, ending: readonly Connection[]): Promise<void> {
  const { renewal } = presence.config;
  for (const connection of ending) {
    try {
      if (renewal === null) connection.giveNotice();
      else await renew(presence, connection, renewal);
    } finally {
      presence.connections.noteDeadline(connection);
    }
  }
  presence.commit(Date.now());
}

async function renew(
  presence: Presence,
  connection: Connection,
  renewal: NonNullable<Presence["config"]["renewal"]>,
): Promise<void> {
  const { session } = connection;
  if (session === null) return;
  const renewed = { ...session, expiresAt: Date.now() + renewal.sessionMs };
  const token = await mintSession(renewed, renewal.secrets);
  // Signing took its time: the socket may be closed, or its session another, by now.
  const stands = presence.connections.get(connection.ws) === connection;
  if (!stands || connection.session !== session) return;
  connection.signIn(renewed);
  const expiresAt = new Date(renewed.expiresAt).toISOString();
  connection.send({ type: "renewed", expiresAt, token });
}
