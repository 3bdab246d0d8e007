import { Hono } from "hono";
import { answerError } from "./answer-error.ts";
import { namedRoom, roomOf, type AppContext } from "./app-context.ts";
import { dropBody } from "./body.ts";
import type { Env } from "./config.ts";
import { Refusal } from "./errors.ts";
import { kick, sendEvent } from "./event-url.ts";
import type { Asked } from "./room-url.ts";
import { listRooms, readStats } from "./rooms-url.ts";
import { requireServerKey } from "./server-key.ts";
import { isUserId } from "./session/user-id.ts";
import { lift, revoke, tellPresence, tellWhereabouts } from "./user-url.ts";

function userOf(c: AppContext): string {
  const user = c.req.param("user") ?? "";
  if (!isUserId(user)) throw new Refusal("bad_request");
  return user;
}

/**
 * What the app's backend asks for (SPEC B rules): with the server key alone, and never by a page, so
 * that no answer carries CORS headers.
 */
export function backendRoutes(begin: (c: AppContext) => Promise<Asked>): Hono<{ Bindings: Env }> {
  const app = new Hono<{ Bindings: Env }>();
  const handle = (answer: (asked: Asked, c: AppContext) => Promise<Response>) => {
    return async (c: AppContext): Promise<Response> => {
      const asked = await begin(c);
      await requireServerKey(asked);
      return answer(asked, c);
    };
  };
  // For other methods, a preflight's among them.
  const nothing = async (c: AppContext): Promise<Response> => {
    await begin(c);
    throw new Refusal("not_found");
  };

  app.get("/rooms", handle(listRooms)).all(nothing);
  app
    .get(
      "/rooms/:room/stats",
      handle((asked, c) => readStats(asked, roomOf(c))),
    )
    .all(nothing);
  app.post("/users/presence", handle(tellPresence));
  app
    .post(
      "/rooms/:room/events",
      handle((asked, c) => sendEvent(asked, roomOf(c))),
    )
    .all(nothing);
  app
    .delete(
      "/rooms/:room/members/:user",
      handle((asked, c) => kick(asked, roomOf(c), userOf(c))),
    )
    .all(nothing);
  app
    .get(
      "/users/:user",
      handle((asked, c) => tellWhereabouts(asked, userOf(c))),
    )
    .all(nothing);
  app
    .post(
      "/users/:user/revocations",
      handle((asked, c) => revoke(asked, userOf(c))),
    )
    .delete(handle((asked, c) => lift(asked, userOf(c))))
    .all(nothing);

  app.onError((error, c) => {
    dropBody(c.req.raw);
    return answerError(error, c.get("requestId"), namedRoom(c));
  });
  return app;
}
