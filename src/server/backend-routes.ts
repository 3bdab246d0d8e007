import { Hono } from "hono";
import { answerError } from "./answer-error.ts";
import type { AppContext } from "./app.ts";
import type { Env } from "./config.ts";
import { Refusal } from "./errors.ts";
import { kick, sendEvent } from "./event-url.ts";
import type { Asked } from "./room-url.ts";
import { isRoomName } from "../protocol/room-name.ts";
import { requireServerKey } from "./server-key.ts";
import { lift, revoke, tellPresence, tellWhereabouts } from "./user-url.ts";

function roomOf(c: AppContext): string {
  const room = c.req.param("room") ?? "";
  if (!isRoomName(room)) throw new Refusal("room_invalid");
  return room;
}

function userOf(c: AppContext): string {
  const user = c.req.param("user") ?? "";
  if (user.length > MAX_USER_LENGTH) throw new Refusal("bad_request");
  return user;
}

/** What a session's user id is at most (SPEC A2). */
const MAX_USER_LENGTH = 128;

/** Other methods, a preflight's among them. */
const nothingElse = () => {
  throw new Refusal("not_found");
};

/**
 * What the app's backend asks for (SPEC B rules): with the server key alone, and never by a page, so
 * that no answer carries CORS headers.
 */
export function backendRoutes(asked: (c: AppContext) => Asked): Hono<{ Bindings: Env }> {
  const app = new Hono<{ Bindings: Env }>();
  app
    .post("/rooms/:room/events", requireServerKey, (c) => sendEvent(asked(c), roomOf(c)))
    .all(nothingElse);
  app
    .delete("/rooms/:room/members/:user", requireServerKey, (c) =>
      kick(asked(c), roomOf(c), userOf(c)),
    )
    .all(nothingElse);
  app.post("/users/presence", requireServerKey, (c) => tellPresence(asked(c)));
  app
    .get("/users/:user", requireServerKey, (c) => tellWhereabouts(asked(c), userOf(c)))
    .all(nothingElse);
  app
    .post("/users/:user/revocations", requireServerKey, (c) => revoke(asked(c), userOf(c)))
    .delete(requireServerKey, (c) => lift(asked(c), userOf(c)))
    .all(nothingElse);
  app.onError((error, c) => {
    const room = c.req.param("room") ?? "";
    return answerError(error, c.get("requestId"), isRoomName(room) ? room : undefined);
  });
  return app;
}
