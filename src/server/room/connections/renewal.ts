import { Refusal } from "../../errors.ts";
import { mayJoin } from "../../access/policy.ts";
import type { RoomSession } from "../room-request.ts";
import { mintSession } from "../../session/own-tokens.ts";
import { within } from "../../platform/time-limit.ts";
import { requireUnrevoked } from "../../user/user-stub.ts";
import type { Connection } from "./connection.ts";
import { attempt, end } from "./departure.ts";
import type { RoomState } from "../room-state.ts";
import type { RunTurn } from "../task.ts";

/** Where an app's own rule has not answered by then, the session is not renewed. */
const ANSWER_MS = 5_000;

/** The session with its later end, and what a later connect may present. */
interface Renewed {
  session: RoomSession;
  token: string;
}
/** `null` where it cannot be told now. */
type Outcome = Renewed | "revoked" | "forbidden" | null;
type RenewalConfig = NonNullable<RoomState["config"]["renewal"]>;

/**
 * Tells connections that their session ends soon (SPEC T4), or, where the service renews by itself,
 * renews each (T5): that asks others, which no event waits for (L7).
 */
export function tellEnding(room: RoomState, ending: readonly Connection[], now: number): void {
  const { renewal } = room.config;
  for (const connection of ending) {
    attempt(room, connection, now, () => {
      if (renewal === null) connection.giveNotice();
      else connection.beginRenewal();
      room.connections.noteDeadline(connection);
    });
    const { session } = connection;
    if (renewal === null || session === null) continue;
    room.start((runTurn) => renew(room, connection, session, renewal, runTurn));
  }
}

/** Gives a connection a later end, or ends it; where neither can be, it is told that it ends. */
async function renew(
  room: RoomState,
  connection: Connection,
  session: RoomSession,
  renewal: RenewalConfig,
  runTurn: RunTurn,
): Promise<void> {
  const outcome = await tryRenewal(room, session, renewal);
  runTurn((now) => {
    // All this took its time: the socket may be closed, or its session over or another, by now.
    const stands = room.connections.get(connection.ws) === connection;
    if (stands && connection.session === session && session.expiresAt > now) {
      attempt(room, connection, now, () => apply(room, connection, outcome, now));
    }
  });
}

function apply(room: RoomState, connection: Connection, outcome: Outcome, now: number): void {
  if (outcome === null) return connection.giveNotice();
  if (typeof outcome === "string") return end(room, connection, outcome, now);
  const { session, token } = outcome;
  connection.signIn(session);
  room.connections.noteDeadline(connection);
  const expiresAt = new Date(session.expiresAt).toISOString();
  connection.send({ type: "renewed", expiresAt, token });
}

/** Renews a session, where its user's object and the app's own rule allow it now; never fails. */
async function tryRenewal(
  room: RoomState,
  session: RoomSession,
  { sessionMs, secrets }: RenewalConfig,
): Promise<Outcome> {
  const { name, config } = room;
  try {
    await requireUnrevoked(config, session);
    const isAllowed = await within(ANSWER_MS, () => mayJoin(session, name, config));
    if (!isAllowed) return "forbidden";
    const renewed = { ...session, expiresAt: Date.now() + sessionMs };
    return { session: renewed, token: await mintSession(renewed, secrets) };
  } catch (error) {
    if (error instanceof Refusal && error.code === "session_revoked") return "revoked";
    if (!(error instanceof Refusal)) room.logFault(error);
    return null;
  }
}
