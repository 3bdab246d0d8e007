import { CLOSE } from "../../protocol/close-codes.ts";
import { Refusal } from "../errors.ts";
import { inParallel } from "../in-parallel.ts";
import { mayJoin } from "../policy.ts";
import type { RoomSession } from "../room-request.ts";
import { mintSession } from "../session/own-tokens.ts";
import { within } from "../time-limit.ts";
import { requireUnrevoked } from "../user/user-stub.ts";
import type { Connection } from "./connection.ts";
import { closeRevoked } from "./expel.ts";
import type { Presence } from "./presence.ts";

/** Each asks the object of its user. */
const AT_ONCE = 100;
/** Where an app's own rule has not answered by then, the session is not renewed. */
const ANSWER_MS = 5_000;

interface Renewed {
  session: RoomSession;
  /** What a later connect may present. */
  token: string;
}
type Refused = "session_revoked" | "room_forbidden" | "session_unavailable";
type RenewalConfig = NonNullable<Presence["config"]["renewal"]>;

/**
 * Tells connections that their session ends soon (SPEC T4), or, where the service renews by itself,
 * renews each (T5). That asks others, which no event waits for (L7).
 */
export function tellEnding(presence: Presence, ending: readonly Connection[], now: number): void {
  const { renewal } = presence.config;
  for (const connection of ending) {
    presence.attempt(connection, now, () => {
      if (renewal === null) connection.giveNotice();
      else connection.beginRenewal();
      presence.connections.noteDeadline(connection);
    });
  }
  if (renewal === null || ending.length === 0) return;
  presence.beside(inParallel(ending, AT_ONCE, (one) => renew(presence, one, renewal)));
}

/** Gives a connection a later end, or ends it; where neither can be, it is told that it ends. */
async function renew(
  presence: Presence,
  connection: Connection,
  renewal: RenewalConfig,
): Promise<void> {
  const { session } = connection;
  if (session === null) return;
  const outcome = await tryRenewal(presence, session, renewal);
  presence.guard(() => {
    const now = Date.now();
    presence.advance(now);
    // All this took its time: the socket may be closed, or its session over or another, by now.
    const stands = presence.connections.get(connection.ws) === connection;
    if (!stands || connection.session !== session || session.expiresAt <= now) return;
    presence.attempt(connection, now, () => {
      if (outcome === "session_revoked") closeRevoked(presence, connection, now);
      else if (outcome === "room_forbidden") closeForbidden(presence, connection, now);
      else if (outcome === "session_unavailable") connection.giveNotice();
      else take(presence, connection, outcome);
    });
    presence.commit(now);
  });
}

function take(presence: Presence, connection: Connection, { session, token }: Renewed): void {
  connection.signIn(session);
  presence.connections.noteDeadline(connection);
  const expiresAt = new Date(session.expiresAt).toISOString();
  connection.send({ type: "renewed", expiresAt, token });
}

function closeForbidden(presence: Presence, connection: Connection, now: number): void {
  presence.roster.end(now, connection.ref, now);
  presence.close(connection, "forbidden", CLOSE.forbidden, "room_forbidden");
}

/** Renews a session, where its user's object and the app's own rule allow it now; never fails. */
async function tryRenewal(
  presence: Presence,
  session: RoomSession,
  { sessionMs, secrets }: RenewalConfig,
): Promise<Renewed | Refused> {
  const { name: room, config } = presence;
  try {
    await requireUnrevoked(config, session);
    const isAllowed = await within(ANSWER_MS, () => mayJoin(session, room, config));
    if (!isAllowed) return "room_forbidden";
    const renewed = { ...session, expiresAt: Date.now() + sessionMs };
    return { session: renewed, token: await mintSession(renewed, secrets) };
  } catch (error) {
    if (error instanceof Refusal && error.code === "session_revoked") return error.code;
    if (!(error instanceof Refusal)) presence.logFault(error);
    return "session_unavailable";
  }
}
