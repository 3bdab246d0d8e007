import type { RequestContext } from "../access/request-context.ts";
import { answerJson } from "../answer.ts";
import type { RoomStats } from "../room/room-object.ts";
import { callRoom, orRoomUnavailable } from "../room/room-stub.ts";

/**
 * Answers the figures of a room (SPEC B10).
 *
 * @throws Refusal `room_unavailable`.
 */
export async function readStats(
  { env, requestId }: RequestContext,
  room: string,
): Promise<Response> {
  const stats = await orRoomUnavailable(room, requestId, () =>
    callRoom(
      env,
      room,
      async (stub) => stub.stats(),
      { ask: "stats", requestId, statsOnly: true },
      (answer) => answer.json<RoomStats>(),
    ),
  );
  return answerJson(stats, requestId);
}
