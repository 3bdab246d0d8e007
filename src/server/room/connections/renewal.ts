import { Refusal } from "../../errors.ts";
import type { Action } from "../../access/authorize.ts";
import { mayEnter } from "../../access/policy.ts";
import type { RoomSession } from "../../session/room-session.ts";
import { mintSession } from "../../session/own-tokens.ts";
import { within } from "../../platform/time-limit.ts";
import { requireUnrevoked } from "../../user/user-stub.ts";
import type { Connection } from "./connection.ts";
import { attempt, end } from "./leave.ts";
import type { RoomState } from "../room-state.ts";
import type { RunTurn } from "../task.ts";

/** If the app's own rule has not answered by then, the session is not renewed. */
const ANSWER_MS = 5_000;

/** The session with its later end, and a token for the next connect. */
interface Renewed {
  session: RoomSession;
  token: string;
}
/** `null` if it cannot be decided now. */
type Outcome = Renewed | "revoked" | "forbidden" | null;
type RenewalConfig = NonNullable<RoomState["config"]["renewal"]>;

/**
 * Sends connections notice that their session ends soon (SPEC T4), or, if the service renews sessions,
 * renews each (T5). A renewal asks others, so it runs as a task (L7).
 */
export function tellEnding(room: RoomState, ending: readonly Connection[], now: number): void {
  const { renewal } = room.config;
  for (const connection of ending) {
    attempt(room, connection, now, () => {
      if (renewal === null) giveNotice(room, connection);
      else connection.beginRenewal();
      room.connections.noteDeadline(connection);
    });
    const { session } = connection;
    if (renewal === null || session === null) continue;
    room.start((runTurn) => renew(room, connection, session, renewal, runTurn));
  }
}

/** Renews a connection's session, or ends the connection; if neither can be decided, sends notice. */
async function renew(
  room: RoomState,
  connection: Connection,
  session: RoomSession,
  renewal: RenewalConfig,
  runTurn: RunTurn,
): Promise<void> {
  const action = connection.isWatcher ? "read" : "join";
  const outcome = await tryRenewal(room, session, action, renewal);
  runTurn((now) => {
    // Meanwhile the socket may have closed, or its session have ended or changed.
    const stands = room.connections.get(connection.ws) === connection;
    if (stands && connection.session === session && session.expiresAt > now) {
      attempt(room, connection, now, () => apply(room, connection, outcome, renewal, now));
    }
  });
}

function apply(
  room: RoomState,
  connection: Connection,
  outcome: Outcome,
  { sessionMs }: RenewalConfig,
  now: number,
): void {
  if (outcome === null) return giveNotice(room, connection);
  if (typeof outcome === "string") return end(room, connection, outcome, now);
  const { session, token } = outcome;
  connection.signIn(session);
  // One that lasts for less than the notice would always be due.
  connection.restUntil(session.expiresAt - sessionMs / 2);
  room.connections.noteDeadline(connection);
  const expiresAt = new Date(session.expiresAt).toISOString();
  room.replies.send(connection, { type: "renewed", expiresAt, token });
}

/** The notice follows what still waits to be sent to the connection, such as its `welcome`. */
function giveNotice(room: RoomState, connection: Connection): void {
  const notice = connection.giveNotice();
  if (notice) room.replies.send(connection, notice);
}

/** Renews a session if its user's object and the app's own rule allow it now; never throws. */
async function tryRenewal(
  room: RoomState,
  session: RoomSession,
  action: Action,
  { sessionMs, secrets }: RenewalConfig,
): Promise<Outcome> {
  const { name, config } = room;
  try {
    await requireUnrevoked(config, session);
    const isAllowed = await within(ANSWER_MS, () => mayEnter(session, name, action, config));
    if (!isAllowed) return "forbidden";
    const renewed = { ...session, expiresAt: Date.now() + sessionMs };
    return { session: renewed, token: await mintSession(renewed, secrets) };
  } catch (error) {
    if (error instanceof Refusal && error.code === "session_revoked") return "revoked";
    if (!(error instanceof Refusal)) room.logFault(error);
    return null;
  }
}
