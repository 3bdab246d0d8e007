import type { Env } from "../env.ts";
import { errorResponse, Refusal } from "../errors.ts";
import { objectFor, shardCountOf } from "../large/routing.ts";
import { describeError, log } from "../log.ts";
import { callTwice } from "../platform/object-call.ts";
import { within } from "../platform/time-limit.ts";
import { currentConfig } from "../access/policy.ts";
import type { RoomObject } from "./room-object.ts";
import { ROOM_URL, toRoom, type OldRequest, type RoomRequest } from "./room-request.ts";

/**
 * The object that answers for a room, in the configured jurisdiction; for a large room, its hub.
 */
export function roomStub(env: Env, room: string): DurableObjectStub<RoomObject> {
  const config = currentConfig(env);
  if (shardCountOf(config, room) === null) return config.rooms.getByName(room);
  return config.hubs!.getByName(room) as unknown as DurableObjectStub<RoomObject>;
}

/** The object that a request goes to: in a large room, the shard of the user who enters (SPEC N2). */
function stubFor(env: Env, room: string, request: RoomRequest): DurableObjectStub<RoomObject> {
  if (request.ask === "read") return roomStub(env, room);
  const config = currentConfig(env);
  const entrant = request.ask === "watch" ? request.watcher : request.joiner;
  const { address = request.requestId } = { address: undefined, ...request };
  return config.rooms.getByName(objectFor(config, room, entrant?.user.id ?? address));
}

/** Sends a request to a room; answers 503 `room_unavailable` if the room does not answer. */
export async function askRoom(
  env: Env,
  room: string,
  request: RoomRequest,
  original: Request,
): Promise<Response> {
  try {
    return await callTwice(() =>
      stubFor(env, room, request).fetch(ROOM_URL, toRoom(request, original)),
    );
  } catch (error) {
    const { requestId } = request;
    log("failure", { code: "room_unavailable", room, reason: describeError(error), requestId });
    return errorResponse("room_unavailable", requestId);
  }
}

/**
 * Calls a room. During a gradual deploy it may be one of 0.1.0, which has no such method: then it sends
 * the request that such a room knows.
 */
export async function callRoom<Result>(
  env: Env,
  room: string,
  call: (stub: DurableObjectStub<RoomObject>) => Promise<Result>,
  old: OldRequest,
  read: (answer: Response) => Promise<Result>,
): Promise<Result> {
  try {
    return await callTwice(() => call(roomStub(env, room)));
  } catch (error) {
    if (!(error instanceof TypeError) || !NO_SUCH_METHOD.test(error.message)) throw error;
    return read(await roomStub(env, room).fetch(ROOM_URL, toRoom(old, new Request(ROOM_URL))));
  }
}

/** The platform's message for a method that an object does not have. */
const NO_SUCH_METHOD = /does not implement the method/;

/** A room that has not answered by then counts as down. */
const ANSWER_MS = 5_000;

/**
 * Awaits a call of a room for at most 5 s.
 *
 * @throws Refusal `room_unavailable`.
 * @example
 * await orRoomUnavailable("lobby", requestId, () => roomStub(env, "lobby").kick("ada"));
 */
export async function orRoomUnavailable<Result>(
  room: string,
  requestId: string,
  call: () => Promise<Result>,
): Promise<Result> {
  try {
    return await within(ANSWER_MS, call);
  } catch (error) {
    log("failure", { code: "room_unavailable", room, reason: describeError(error), requestId });
    throw new Refusal("room_unavailable");
  }
}
