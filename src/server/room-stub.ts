import type { Env } from "./config.ts";
import { errorResponse } from "./errors.ts";
import { describeError, log } from "./log.ts";
import { ROOM_URL, toRoom, type RoomRequest } from "./room-request.ts";

/** What the platform says of a call that did not reach its object. */
interface PlatformError {
  retryable?: boolean;
  overloaded?: boolean;
}

/**
 * Asks a room, once more where the platform says that this may help; one that is overloaded must
 * not be asked again. Answers 503 `room_unavailable` where it does not answer.
 */
export async function askRoom(
  env: Env,
  room: string,
  request: RoomRequest,
  original: Request,
): Promise<Response> {
  const ask = () => env.ROOMS.getByName(room).fetch(ROOM_URL, toRoom(request, original));
  try {
    return await ask().catch((error: PlatformError) => {
      if (!error.retryable || error.overloaded) throw error;
      // A stub that threw stays broken: `ask` makes a new one.
      return ask();
    });
  } catch (error) {
    const { requestId } = request;
    log("failure", { code: "room_unavailable", room, reason: describeError(error), requestId });
    return errorResponse("room_unavailable", requestId);
  }
}
