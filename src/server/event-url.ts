import * as v from "valibot";
import { fitsBytes } from "../protocol/client-frame.ts";
import { answerHeaders } from "./answer.ts";
import { readBody } from "./body.ts";
import { Refusal } from "./errors.ts";
import { callTwice } from "./object-call.ts";
import { orRoomUnavailable } from "./room-stub.ts";
import type { Asked } from "./room-url.ts";

/** What an event tells may take as much as a client's frame (SPEC B1), in bytes of its JSON. */
const MAX_EVENT_BYTES = 4096;

/** What `POST /rooms/:room/events` takes. */
export const eventSchema = v.object({
  name: v.pipe(v.string(), v.minLength(1), v.maxLength(128)),
  data: v.unknown(),
  to: v.optional(
    v.pipe(
      v.object({
        users: v.optional(v.array(v.string())),
        roles: v.optional(v.array(v.string())),
      }),
      v.check(({ users, roles }) => users !== undefined || roles !== undefined),
    ),
  ),
});

/**
 * Sends an event to who is in a room (SPEC B1).
 *
 * @throws Refusal `bad_request`, `too_large`, `room_unavailable`.
 */
export async function sendEvent({ env, request, requestId }: Asked, room: string) {
  const { name, data, to } = await readBody(request, eventSchema);
  if (!fitsBytes(JSON.stringify({ name, data }), MAX_EVENT_BYTES)) throw new Refusal("too_large");
  // Not asked twice: some might get it twice.
  const delivered = await orRoomUnavailable(room, requestId, () =>
    env.ROOMS.getByName(room).deliver({ name, data: JSON.stringify(data), ...(to && { to }) }),
  );
  return Response.json({ delivered }, { headers: answerHeaders(requestId) });
}

/**
 * Closes a user's connections in a room (SPEC B2).
 *
 * @throws Refusal `room_unavailable`.
 */
export async function kick({ env, requestId }: Asked, room: string, user: string) {
  const closed = await orRoomUnavailable(room, requestId, () =>
    callTwice(() => env.ROOMS.getByName(room).kick(user)),
  );
  return Response.json({ closed }, { headers: answerHeaders(requestId) });
}
