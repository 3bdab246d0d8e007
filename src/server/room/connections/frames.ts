import type { ClientFrame } from "../../../protocol/messages.ts";
import type { Connection } from "./connection.ts";
import { decodeAlive, decodeFrame, decodeSignal } from "./decode.ts";
import { end, signOut } from "./leave.ts";
import { countBadFrame, countFrame } from "./flood.ts";
import type { MemberUpdate } from "../members/member.ts";
import type { RoomState } from "../room-state.ts";
import { signal } from "../signals/signal.ts";
import { signIn } from "./sign-in.ts";
import { watch } from "../windows/watch.ts";

/** Handles a frame of a client: limits, checks and applies it (SPEC W6–W12, T2, T3, T6). */
export function receive(
  room: RoomState,
  connection: Connection,
  message: string | ArrayBuffer,
  now: number,
): void {
  const { offences, backlog } = connection;
  const proof = backlog.owed && decodeAlive(message);
  if (proof && connection.proveReading(proof.n)) {
    return room.replies.acknowledge(connection, proof.id);
  }
  const { signals } = room;
  const signalled = signals && connection.isAdmitted && decodeSignal(message);
  if (signalled) return signal(room, signals, connection, signalled, now);
  const verdict = countFrame(connection.accepted, offences, now);
  if (verdict === "drop") return;
  if (verdict !== "accept") return refuse(room, connection, "rate_limited", verdict, now);
  const { frame, id } = decodeFrame(message);
  if (frame?.type === "auth") return signIn(room, connection, frame);
  // It proves nothing: its probe was answered already, or never sent.
  if (frame?.type === "alive") room.replies.acknowledge(connection, frame.id);
  // A socket that waits for a sign-in can send nothing else.
  else if (frame && connection.isAdmitted && isFit(connection, frame)) {
    apply(room, connection, frame, connection.user ?? "", now);
  } else {
    refuse(room, connection, "bad_message", countBadFrame(offences, now), now, frame?.id ?? id);
  }
}

/** A frame that changes the connection or its member. */
type Change = Exclude<ClientFrame, { type: "auth" | "alive" | "signal" }>;

/** Only a connection with a window can change it (SPEC S5); a signal is taken before, or is none. */
function isFit({ limit }: Connection, frame: ClientFrame): frame is Change {
  return frame.type !== "signal" && (frame.type !== "watch" || limit !== null);
}

/** The frames that a connection that only watches cannot send (SPEC S1). */
const NEEDS_MEMBER: ReadonlySet<ClientFrame["type"]> = new Set(["update", "idle"]);

function apply(
  room: RoomState,
  connection: Connection,
  frame: Change,
  user: string,
  now: number,
): void {
  const { roster } = room;
  if (connection.isWatcher && NEEDS_MEMBER.has(frame.type)) {
    return room.replies.refuse(connection, "not_present", frame.id);
  }
  switch (frame.type) {
    case "watch":
      return watch(room, connection, frame);
    case "update":
      updateMember(room, user, frame, now);
      break;
    case "idle":
      roster.idle(now, connection.ref, frame.idle);
      connection.setIdle(frame.idle);
      break;
    case "sync":
      room.broadcaster.sync(connection, now);
      break;
    case "leave":
    case "logout":
      roster.end(now, connection.ref, now);
      break;
    default:
      frame satisfies never;
  }
  room.replies.acknowledge(connection, frame.id);
  if (frame.type === "logout") connection.signIns.voidAll();
  if (frame.type === "logout" && room.config.inBandAuth) {
    signOut(room, connection, "left", now);
  } else if (frame.type === "leave" || frame.type === "logout") {
    end(room, connection, "left", now);
  }
}

/** What an update needs of a room. */
interface Updated extends Pick<RoomState, "roster" | "replies" | "link"> {
  connections: Pick<RoomState["connections"], "of">;
}

/**
 * Changes a member; a new choice is sent to their own tabs and nobody else (SPEC W8, W1). In a large
 * room, `choseAt` is when it was made in another shard (SPEC N6).
 */
export function updateMember(
  { roster, connections, replies, link }: Updated,
  user: string,
  update: MemberUpdate,
  now: number,
  choseAt = link?.choiceTime(user, now) ?? 0,
): void {
  if (update.status !== undefined || update.data !== undefined) link?.noteChoice(user);
  if (!roster.update(now, user, update, choseAt)) return;
  const text = JSON.stringify({ type: "self", id: user, chosen: roster.chosenBy(user) });
  for (const connection of connections.of(user)) {
    if (!connection.isWatcher) replies.send(connection, text);
  }
}

/** Answers a frame that was not applied, and closes the connection that sent too many. */
function refuse(
  room: RoomState,
  connection: Connection,
  code: "bad_message" | "rate_limited",
  verdict: "answer" | "close",
  now: number,
  id?: string,
): void {
  connection.save();
  room.replies.refuse(connection, code, id);
  if (verdict === "close") end(room, connection, code, now);
}
