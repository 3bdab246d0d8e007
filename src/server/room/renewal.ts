import { Refusal } from "../errors.ts";
import type { RoomSession } from "../room-request.ts";
import { mintSession } from "../session/own-tokens.ts";
import { requireUnrevoked } from "../user/user-stub.ts";
import type { Connection } from "./connection.ts";
import { closeRevoked } from "./expel.ts";
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
  const verdict = await revocationOf(presence, session);
  if (verdict === "session_unavailable") return connection.giveNotice();
  const renewed = { ...session, expiresAt: Date.now() + renewal.sessionMs };
  const token = await mintSession(renewed, renewal.secrets);
  // All this took its time: the socket may be closed, or its session another, by now.
  const stands = presence.connections.get(connection.ws) === connection;
  if (!stands || connection.session !== session) return;
  if (verdict === "session_revoked") return closeRevoked(presence, connection, Date.now());
  connection.signIn(renewed);
  const expiresAt = new Date(renewed.expiresAt).toISOString();
  connection.send({ type: "renewed", expiresAt, token });
}

/** What a user's object says of a session that is to be renewed; `null` for nothing. */
async function revocationOf(
  { config }: Presence,
  session: RoomSession,
): Promise<"session_revoked" | "session_unavailable" | null> {
  try {
    await requireUnrevoked(config, session);
    return null;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return error.code === "session_revoked" ? "session_revoked" : "session_unavailable";
  }
}
