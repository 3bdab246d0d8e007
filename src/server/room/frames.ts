import { CLOSE } from "../../protocol/close-codes.ts";
import { Caller } from "../caller.ts";
import type { ClientFrame } from "../../protocol/messages.ts";
import { closeCodeOf, errorMessage, Refusal, type ErrorCode } from "../errors.ts";
import { log } from "../log.ts";
import { judgeToken } from "../policy.ts";
import { countConnect } from "../rate-limit.ts";
import { joinAdmitted } from "../user/user-stub.ts";
import type { RoomSession } from "../room-request.ts";
import type { Connection } from "./connection.ts";
import { decodeAlive, decodeFrame } from "./decode.ts";
import { countBadFrame, countFrame } from "./flood.ts";
import { isNewer } from "./newer.ts";
import type { Presence } from "./presence.ts";

/** Takes what a socket sent: limits, checks and applies it (SPEC W6–W12, T2, T3, T6). */
export async function receive(
  presence: Presence,
  connection: Connection,
  message: string | ArrayBuffer,
  now: number,
): Promise<void> {
  const { offences, reading } = connection;
  const proof = reading.owed && decodeAlive(message);
  if (proof && connection.proveReading(proof.n)) return ack(presence, connection, proof.id);
  const verdict = countFrame(connection.accepted, offences, now);
  if (verdict === "drop") return;
  if (verdict !== "accept") return refuse(presence, connection, "rate_limited", verdict, now);
  const { frame, id } = decodeFrame(message);
  if (frame?.type === "auth") return authenticate(presence, connection, frame);
  // It proves nothing: what it answers was answered, or never asked.
  if (frame?.type === "alive") return ack(presence, connection, frame.id);
  // A socket that nobody is signed in on has nothing to say but who it is.
  if (frame && connection.user !== undefined) {
    return apply(presence, connection, frame, connection.user, now);
  }
  return refuse(presence, connection, "bad_message", countBadFrame(offences, now), now, id);
}

function apply(
  presence: Presence,
  connection: Connection,
  frame: Exclude<ClientFrame, { type: "auth" | "alive" }>,
  user: string,
  now: number,
): void {
  const { roster } = presence;
  switch (frame.type) {
    case "update": {
      const chose = roster.update(now, user, frame);
      if (chose) presence.tellSelf(user);
      break;
    }
    case "idle":
      roster.idle(now, connection.ref, frame.idle);
      break;
    case "sync":
      presence.broadcaster.sync(connection, now);
      break;
    case "leave":
    case "logout":
      roster.end(now, connection.ref, now);
      break;
    default:
      frame satisfies never;
  }
  ack(presence, connection, frame.id);
  if (frame.type === "logout") connection.signIns.voidAll();
  if (frame.type === "logout" && presence.config.inBandAuth) {
    presence.signOut(connection, "left", now);
  } else if (frame.type === "leave" || frame.type === "logout") {
    presence.close(connection, "left", CLOSE.left);
  }
}

/** Judges a token that came over the socket, and gives the connection to who it names. */
async function authenticate(
  presence: Presence,
  connection: Connection,
  { token, id }: Extract<ClientFrame, { type: "auth" }>,
): Promise<void> {
  const { name: room, config } = presence;
  const turn = connection.signIns.begin();
  const { origin, address } = connection;
  const { CONNECTS } = config.env;
  const caller = new Caller(address === null ? undefined : CONNECTS, () => address);
  const judged = await judgeToken(token, { room, origin, config, caller });
  const take = (by: RoomSession | Refusal): "stale" | "done" => {
    // The check took its time: the socket may be closed, or signed out, by now.
    if (presence.connections.get(connection.ws) !== connection) return "done";
    if (connection.signIns.isVoid(turn)) return "done";
    if (!(by instanceof Refusal) && isLate(connection, by, turn)) return "done";
    const now = Date.now();
    presence.advance(now);
    if (!(by instanceof Refusal) && presence.isStale(by, now)) return "stale";
    const refused = by instanceof Refusal ? by : takeOver(presence, connection, by, now);
    if (refused === null) {
      connection.signIns.take(turn);
      ack(presence, connection, id);
    } else {
      refuseToken(presence, connection, refused, id);
    }
    presence.commit(now);
    return "done";
  };
  if (judged instanceof Refusal) return void take(judged);
  try {
    // One that brings another user is a connect of theirs (SPEC A7).
    if (judged.user.id !== connection.user) await countConnect(CONNECTS, judged.user.id);
    await joinAdmitted(config, judged, room, take);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    take(error);
  }
}

/** Whether somebody else has signed in meanwhile by a token that was sent later. */
function isLate(connection: Connection, { user }: RoomSession, turn: number): boolean {
  return connection.signIns.isOvertaken(turn) && connection.user !== user.id;
}

/** Renews the session behind a connection, or gives it to another user (SPEC T3). */
function takeOver(
  presence: Presence,
  connection: Connection,
  session: RoomSession,
  now: number,
): Refusal | null {
  const before = connection.session;
  if (before?.user.id === session.user.id) {
    renew(presence, connection, before, session, now);
    return null;
  }
  const id = crypto.randomUUID();
  const refused = presence.admit(session, id, now);
  if (refused) return new Refusal(refused);
  try {
    if (before) {
      presence.roster.end(now, connection.ref, now);
      presence.logLeave(connection, "replaced");
    }
    presence.connections.reassign(connection, () => connection.signIn(session, id));
    presence.welcome(connection, session, null, now);
  } catch (error) {
    presence.retract({ user: session.user.id, connection: id }, null, now);
    throw error;
  }
  log("join", { room: presence.name, user: session.user.id, connection: id });
  return null;
}

/** A newer session takes the place of the one before whole; one that is not changes nothing. */
function renew(
  presence: Presence,
  connection: Connection,
  before: RoomSession,
  session: RoomSession,
  now: number,
): void {
  const isTaken = isNewer(session, before);
  if (isTaken) {
    presence.roster.renew(now, session);
    connection.signIn(session);
  } else {
    presence.roster.noteAdmission(now, session);
    // The client may get a better one from its app while there is time.
    connection.noticeAgain();
  }
  presence.connections.noteDeadline(connection);
  const { expiresAt } = isTaken ? session : before;
  presence.send(connection, { type: "renewed", expiresAt: new Date(expiresAt).toISOString() });
}

/** A bad token changes nothing on a member's connection, and ends one that waits for a good one. */
function refuseToken(
  presence: Presence,
  connection: Connection,
  { code, logged }: Refusal,
  id: string | undefined,
): void {
  log("refused", { ...logged, room: presence.name, user: connection.user });
  if (connection.user === undefined) {
    presence.close(connection, "closed", closeCodeOf(code), code);
  } else {
    sendError(presence, connection, code, id);
  }
}

/** Answers a frame that was not applied, and closes the connection that sent too many. */
function refuse(
  presence: Presence,
  connection: Connection,
  code: "bad_message" | "rate_limited",
  verdict: "answer" | "close",
  now: number,
  id?: string,
): void {
  connection.save();
  sendError(presence, connection, code, id);
  if (verdict === "answer") return;
  presence.roster.end(now, connection.ref, now);
  presence.close(connection, code, closeCodeOf(code));
}

function sendError(
  presence: Presence,
  connection: Connection,
  code: ErrorCode,
  id: string | undefined,
): void {
  const message = errorMessage(code);
  presence.send(connection, { type: "error", code, message, ...(id !== undefined && { id }) });
}

function ack(presence: Presence, connection: Connection, id: string | undefined): void {
  if (id !== undefined) presence.send(connection, { type: "ack", id });
}
