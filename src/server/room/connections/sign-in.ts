import type { ClientFrame } from "../../../protocol/messages.ts";
import { Caller } from "../../access/caller.ts";
import { closeCodeOf, Refusal } from "../../errors.ts";
import { log } from "../../log.ts";
import { judgeToken } from "../../access/policy.ts";
import { countConnect } from "../../access/rate-limit.ts";
import { isNewer, type RoomSession } from "../../session/room-session.ts";
import { joinAdmitted } from "../../user/user-stub.ts";
import { admit, admitWatcher, isStale, retract, welcome } from "./admission.ts";
import type { Connection } from "./connection.ts";
import { attempt, close, end, fail, logLeave, NOT_PRESENT, noteParted } from "./leave.ts";
import type { RoomState } from "../room-state.ts";
import type { RunTurn } from "../task.ts";

/** An `auth` frame that is being checked. */
interface SignIn {
  room: RoomState;
  connection: Connection;
  /** The frame's id, to be acknowledged. */
  id: string | undefined;
  turn: number;
}

/** Checks a token that came over the socket, and gives the connection to its user (SPEC T2, T3). */
export function signIn(
  room: RoomState,
  connection: Connection,
  { token, id }: Extract<ClientFrame, { type: "auth" }>,
): void {
  const signIn = { room, connection, id, turn: connection.signIns.begin() };
  room.start((runTurn) => check(signIn, token, runTurn));
}

async function check(signIn: SignIn, token: string, runTurn: RunTurn): Promise<void> {
  const { room, connection } = signIn;
  const { name, config } = room;
  const { origin, address } = connection;
  const { CONNECTS } = config.env;
  const caller = new Caller(address === null ? undefined : CONNECTS, () => address);
  try {
    const session = await judgeToken(token, connection.isWatcher ? "read" : "join", {
      room: name,
      origin: () => origin,
      config,
      caller,
    });
    if (session instanceof Refusal) throw session;
    if (room.link !== null && session.user.id !== connection.user) return move(signIn, runTurn);
    // A token of another user counts as a connect of that user (SPEC A7).
    if (session.user.id !== connection.user) await countConnect(CONNECTS, session.user.id);
    await joinAdmitted(
      config,
      session,
      name,
      (admitted) => runTurn((now) => enter(signIn, admitted, now)) ?? "done",
    );
  } catch (error) {
    runTurn((now) => {
      if (!(error instanceof Refusal)) fail(room, connection, error, now);
      else if (!isVoid(signIn)) refuse(signIn, error);
    });
  }
}

/**
 * In a large room another user may belong to another shard: the old user leaves, and the client connects
 * again as the new one (SPEC N2).
 */
function move(signIn: SignIn, runTurn: RunTurn): void {
  const { room, connection } = signIn;
  runTurn((now) => {
    if (!isVoid(signIn)) end(room, connection, "moved", now);
  });
}

/** Takes an admitted session; `"stale"` if it must be admitted again (SPEC B3, B4). */
function enter(signIn: SignIn, session: RoomSession, now: number): "done" | "stale" {
  const { room, connection } = signIn;
  if (isVoid(signIn) || isLate(signIn, session)) return "done";
  if (isStale(room, session, now)) return "stale";
  attempt(room, connection, now, () => take(signIn, session, now));
  return "done";
}

/** Whether the socket was closed, or signed out, during the check. */
function isVoid({ room, connection, turn }: SignIn): boolean {
  if (room.connections.get(connection.ws) !== connection) return true;
  return connection.signIns.isVoid(turn);
}

/** Whether another user has signed in meanwhile, with a token that was sent later. */
function isLate({ connection, turn }: SignIn, { user }: RoomSession): boolean {
  return connection.signIns.isOvertaken(turn) && connection.user !== user.id;
}

/** Renews the session behind a connection, or gives it to another user (SPEC T3). */
function take(signIn: SignIn, session: RoomSession, now: number): void {
  const { room, connection, id, turn } = signIn;
  const before = connection.session;
  if (before?.user.id === session.user.id) {
    renew(room, connection, before, session, now);
  } else {
    const refused = replace(room, connection, session, now);
    if (refused) return refuse(signIn, refused);
  }
  connection.signIns.take(turn);
  room.replies.acknowledge(connection, id);
}

function replace(
  room: RoomState,
  connection: Connection,
  session: RoomSession,
  now: number,
): Refusal | null {
  const id = crypto.randomUUID();
  const user = session.user.id;
  const { isWatcher } = connection;
  const refused = isWatcher ? admitWatcher(room, session) : admit(room, session, id, now);
  if (refused) return new Refusal(refused);
  try {
    if (connection.isAdmitted) {
      room.roster.end(now, connection.ref, now);
      logLeave(room, connection, "replaced");
      noteParted(room, connection);
    }
    room.broadcaster.forget(connection);
    room.connections.reassign(connection, () => connection.signIn(session, id));
    welcome(room, connection, session, null, now);
  } catch (error) {
    retract(room, { user, connection: id }, null, now);
    throw error;
  }
  log("join", { room: room.name, user, connection: id, ...(isWatcher && NOT_PRESENT) });
  return null;
}

/** Replaces the session by a newer one; an older one changes nothing. */
function renew(
  { roster, connections, replies }: RoomState,
  connection: Connection,
  before: RoomSession,
  session: RoomSession,
  now: number,
): void {
  const isTaken = isNewer(session, before);
  if (isTaken) {
    roster.renew(now, session);
    connection.signIn(session);
  } else {
    roster.noteAdmission(now, session);
    // The client may get a newer one from its app while there is time.
    connection.noticeAgain();
  }
  connections.noteDeadline(connection);
  const { expiresAt } = isTaken ? session : before;
  replies.send(connection, { type: "renewed", expiresAt: new Date(expiresAt).toISOString() });
}

/** Refuses a token: a connection that has a session stays open, a waiting one is closed. */
function refuse({ room, connection, id }: SignIn, { code, logged }: Refusal): void {
  log("refused", { ...logged, room: room.name, user: connection.user });
  if (!connection.isAdmitted) {
    close(room, connection, "closed", closeCodeOf(code), code);
  } else {
    room.replies.refuse(connection, code, id);
  }
}
