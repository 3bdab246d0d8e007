import { errorResponse, Refusal } from "./errors.ts";
import { describeError, log } from "./log.ts";

/**
 * Turns what a handler threw into an answer, and logs it; `room` is the room it was about, if any.
 */
export function answerError(error: unknown, requestId: string, room?: string): Response {
  if (!(error instanceof Refusal)) {
    log("failure", { code: "internal", room, reason: describeError(error), requestId });
    return errorResponse("internal", requestId);
  }
  // It was logged once, when the configuration was read.
  if (error.code !== "misconfigured") {
    log("refused", { ...error.logged, room, requestId });
  }
  return errorResponse(error.code, requestId);
}
