import type { RequestContext } from "../access/request-context.ts";
import { answerJson } from "../answer.ts";
import { callTwice } from "../platform/object-call.ts";
import { orRoomUnavailable, roomStub } from "../room/room-stub.ts";

/**
 * Closes a user's connections in a room (SPEC B2).
 *
 * @throws Refusal `room_unavailable`.
 */
export async function kick({ env, requestId }: RequestContext, room: string, user: string) {
  const closed = await orRoomUnavailable(room, requestId, () =>
    callTwice(() => roomStub(env, room).kick(user)),
  );
  return answerJson({ closed }, requestId);
}
