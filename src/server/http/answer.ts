/**
 * What every answer says beside its own headers. It is given where the answer is made, so that the
 * Worker passes a room's answer on as it is: to copy it costs as much as half of the bare fetch.
 */
export function answerHeaders(requestId: string): Record<string, string> {
  return { "X-Request-Id": requestId, "X-Content-Type-Options": "nosniff", Vary: "Origin" };
}

/** Answers JSON that nobody may keep. */
export function answerJson(body: object, requestId: string): Response {
  return Response.json(body, {
    headers: { ...answerHeaders(requestId), "Cache-Control": "no-store" },
  });
}
