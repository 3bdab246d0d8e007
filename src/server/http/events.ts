import * as v from "valibot";
import { fitsBytes } from "../../protocol/client-frame.ts";
import { answerJson } from "../answer.ts";
import { readBody } from "./body.ts";
import { Refusal } from "../errors.ts";
import { orRoomUnavailable, roomStub } from "../room/room-stub.ts";
import type { RequestContext } from "../access/request-context.ts";

/** The `data` of an event may be as long as a client's frame (SPEC B1), in bytes of its JSON. */
const MAX_EVENT_BYTES = 4096;

const eventEntries = {
  name: v.pipe(v.string(), v.minLength(1), v.maxLength(128)),
  data: v.unknown(),
};

/** The body of `POST /rooms/:room/events`: a mistyped key must not send the event to everybody. */
export const eventSchema = v.strictObject({
  ...eventEntries,
  to: v.optional(
    v.pipe(
      v.strictObject({
        users: v.optional(v.array(v.string())),
        roles: v.optional(v.array(v.string())),
      }),
      v.check(({ users, roles }) => users !== undefined || roles !== undefined),
    ),
  ),
});

/** The body of `POST /users/:user/events`. */
export const userEventSchema = v.strictObject(eventEntries);

/**
 * Reads an event, its `data` as JSON.
 *
 * @throws Refusal `bad_request`, `too_large`.
 */
export async function readEvent<Schema extends typeof eventSchema | typeof userEventSchema>(
  request: Request,
  schema: Schema,
): Promise<v.InferOutput<Schema> & { data: string }> {
  const event = await readBody(request, schema);
  const { name, data } = event;
  if (!fitsBytes(JSON.stringify({ name, data }), MAX_EVENT_BYTES)) throw new Refusal("too_large");
  return { ...event, data: JSON.stringify(data) };
}

/**
 * Sends an event to the connections in a room (SPEC B1).
 *
 * @throws Refusal `bad_request`, `too_large`, `room_unavailable`.
 */
export async function sendEvent({ env, request, requestId }: RequestContext, room: string) {
  const { to, ...event } = await readEvent(request, eventSchema);
  // No retry: some might get the event twice.
  const delivered = await orRoomUnavailable(room, requestId, async () =>
    roomStub(env, room).deliver({ ...event, ...(to && { to }) }),
  );
  return answerJson({ delivered }, requestId);
}
