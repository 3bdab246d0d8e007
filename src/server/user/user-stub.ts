import type { Config } from "../config/config.ts";
import { Refusal } from "../errors.ts";
import { describeError, log } from "../log.ts";
import { callTwice } from "../platform/object-call.ts";
import { ADMISSION_STALE } from "../room/room-request.ts";
import { type Admission, type RoomSession } from "../session/room-session.ts";
import { within } from "../platform/time-limit.ts";
import { noteGood, noteRevoked } from "../access/known-sessions.ts";
import { markOf } from "./revocation.ts";
import type { Departure, UserObject } from "./user-object.ts";

/** An object that has not answered by then counts as down. */
const ANSWER_MS = 5_000;
/** A join whose admissions all arrive too late is given up after this many. */
const MAX_ADMISSIONS = 4;

interface CallOptions {
  /** How long to wait for an answer, at most 5 s. */
  limitMs?: number;
  /** Do not retry: the first call may have arrived. */
  once?: boolean;
}

type UserCall<Result> = (stub: DurableObjectStub<UserObject>) => Promise<Result>;

/** Calls a user's object; a failure is a refusal. */
async function callUser<Result>(
  users: DurableObjectNamespace<UserObject>,
  user: string,
  code: "session_unavailable" | "user_unavailable",
  call: UserCall<Result>,
  { limitMs = ANSWER_MS, once = false }: CallOptions = {},
): Promise<Result> {
  const callOnce = async () => call(users.getByName(user));
  try {
    return await within(Math.min(limitMs, ANSWER_MS), once ? callOnce : () => callTwice(callOnce));
  } catch (error) {
    log("failure", { code, user, reason: describeError(error) });
    throw new Refusal(code, user);
  }
}

/**
 * Calls a user's object for the app's backend.
 *
 * @throws Refusal `user_unavailable`, `not_found` if there is no server key.
 * @example
 * const lifted = await askUser(config, "ada", (stub) => stub.lift());
 */
export async function askUser<Result>(
  { users }: Config,
  user: string,
  call: UserCall<Result>,
  options?: CallOptions,
): Promise<Result> {
  if (users === null) throw new Refusal("not_found");
  return callUser(users, user, "user_unavailable", call, options);
}

function revoked(session: RoomSession): Refusal {
  noteRevoked(session, Date.now());
  return new Refusal("session_revoked", session.user.id);
}

/**
 * Checks that a session was not revoked, if there is a server key (SPEC B3).
 *
 * @throws Refusal `session_revoked`, `session_unavailable`.
 */
export async function requireUnrevoked({ users }: Config, session: RoomSession): Promise<void> {
  if (users === null) return;
  const call = (stub: DurableObjectStub<UserObject>) => stub.isRevoked(markOf(session));
  if (await callUser(users, session.user.id, "session_unavailable", call)) throw revoked(session);
  noteGood(session, Date.now());
}

/**
 * Asks the user's object, if there is one, to admit a session to a room; returns the session with
 * its admission.
 *
 * @throws Refusal `session_revoked`, `session_unavailable`, `too_many_rooms`.
 */
async function admitToRoom(
  { users, maxRoomsPerUser }: Config,
  session: RoomSession,
  room: string,
  above: number,
): Promise<RoomSession> {
  if (users === null) return session;
  const call = (
    stub: DurableObjectStub<UserObject>,
  ): Promise<Admission | "too_many_rooms" | null> =>
    stub.admit(markOf(session), room, above, maxRoomsPerUser);
  const admission = await callUser(users, session.user.id, "session_unavailable", call);
  if (admission === null) throw revoked(session);
  if (admission === "too_many_rooms") throw new Refusal(admission, session.user.id);
  noteGood(session, Date.now());
  return { ...session, admission };
}

/**
 * Joins a room by `join` with an admitted session. If `join` returns `"stale"`, since the user has left
 * the room or a revocation has arrived meanwhile, it tries again with a newer admission.
 *
 * @throws Refusal `session_revoked`, `session_unavailable`, `too_many_rooms`, `room_unavailable`.
 */
export async function joinAdmitted<Result>(
  config: Config,
  session: RoomSession,
  room: string,
  join: (admitted: RoomSession) => Promise<Result | "stale"> | Result | "stale",
): Promise<Result> {
  let above = 0;
  for (let admissions = 0; admissions < MAX_ADMISSIONS; admissions++) {
    const admitted = await admitToRoom(config, session, room, above);
    const joined = await join(admitted);
    if (joined !== "stale") return joined;
    above = admitted.admission?.stamp ?? 0;
  }
  throw new Refusal("room_unavailable", session.user.id);
}

/** Turns a room's answer to a join into what {@link joinAdmitted} expects. */
export function orStale(answer: Response): Response | "stale" {
  return answer.status === ADMISSION_STALE ? "stale" : answer;
}

/** Reports to a user's object that they left a room; if that fails, it finds out by itself later. */
export async function tellLeft(
  users: DurableObjectNamespace<UserObject>,
  room: string,
  { user, stamp, lastOnline }: Departure,
): Promise<void> {
  try {
    await within(ANSWER_MS, async () => users.getByName(user).left(room, stamp, lastOnline));
  } catch (error) {
    log("failure", { code: "user_unavailable", room, user, reason: describeError(error) });
  }
}
