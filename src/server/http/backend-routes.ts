import { Hono } from "hono";
import { answerError } from "../answer-error.ts";
import { namedRoom, roomOf, type AppContext } from "./app-context.ts";
import { dropBody } from "./body.ts";
import { Refusal } from "../errors.ts";
import { sendEvent } from "./events.ts";
import { kick } from "./kick.ts";
import { readText } from "../platform/read-text.ts";
import type { AppBindings } from "../env.ts";
import type { RequestContext } from "../access/request-context.ts";
import { listRooms } from "./rooms.ts";
import { readStats } from "./stats.ts";
import { requireServerKey } from "../access/require-server-key.ts";
import { isUserId } from "../../protocol/user-id.ts";
import { forgetUser, lift, revoke, sendUserEvent, tellPresence, tellWhereabouts } from "./users.ts";

function userOf(c: AppContext, { url }: RequestContext): string {
  const user = c.req.param("user") ?? "";
  if (!isUserId(user) || !isDecodable(url.pathname)) throw new Refusal("bad_request");
  return user;
}

/** Hono returns an id that it cannot decode as it is, so that `100%`, not encoded, would name a user. */
function isDecodable(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}

/** Some libraries send `{}` if there is nothing to send. */
const IS_EMPTY = /^\s*(\{\s*\})?\s*$/;
const MAX_EMPTY_BYTES = 64;

/**
 * Refuses a query, and the body of a `DELETE`: a caller who writes `?session=phone` expects a
 * narrower effect than the request would have.
 *
 * @throws Refusal `bad_request`.
 */
async function requireNoMore({ request, url }: RequestContext): Promise<void> {
  if (url.search !== "") throw new Refusal("bad_request");
  if (request.method === "DELETE" && request.body !== null) {
    const text = await readText(request.body, MAX_EMPTY_BYTES).catch(() => null);
    if (text === null || !IS_EMPTY.test(text)) throw new Refusal("bad_request");
  }
}

/**
 * The routes of the app's backend (SPEC B rules). They take the server key alone, and are not for
 * pages, so no answer carries CORS headers.
 */
export function backendRoutes(begin: (c: AppContext) => RequestContext): Hono<AppBindings> {
  const app = new Hono<AppBindings>();
  const handle = (answer: (context: RequestContext, c: AppContext) => Promise<Response>) => {
    return async (c: AppContext): Promise<Response> => {
      const context = begin(c);
      await requireServerKey(context);
      return answer(context, c);
    };
  };
  /** For requests that change something: an unknown detail must not be ignored. */
  const handleChange = (answer: (context: RequestContext, c: AppContext) => Promise<Response>) =>
    handle(async (context, c) => {
      await requireNoMore(context);
      return answer(context, c);
    });
  // For other methods, including preflights.
  const nothing = (c: AppContext): Promise<Response> => {
    begin(c);
    throw new Refusal("not_found");
  };

  app.get("/rooms", handle(listRooms)).all(nothing);
  app
    .get(
      "/rooms/:room/stats",
      handle((context, c) => readStats(context, roomOf(c))),
    )
    .all(nothing);
  app
    .post(
      "/rooms/:room/events",
      handleChange((context, c) => sendEvent(context, roomOf(c))),
    )
    .all(nothing);
  app
    .delete(
      "/rooms/:room/members/:user",
      handleChange((context, c) => kick(context, roomOf(c), userOf(c, context))),
    )
    .all(nothing);
  const presence = handle(tellPresence);
  app
    .get(
      "/users/:user",
      handle((context, c) => tellWhereabouts(context, userOf(c, context))),
    )
    .delete(handleChange((context, c) => forgetUser(context, userOf(c, context))))
    // Not a separate route: Hono's fast router cannot have `/users/presence` beside `/users/:user`.
    .post((c) => (c.req.param("user") === "presence" ? presence(c) : nothing(c)))
    .all(nothing);
  app
    .post(
      "/users/:user/events",
      handleChange((context, c) => sendUserEvent(context, userOf(c, context))),
    )
    .all(nothing);
  app
    .post(
      "/users/:user/revocations",
      handleChange((context, c) => revoke(context, userOf(c, context))),
    )
    .delete(handleChange((context, c) => lift(context, userOf(c, context))))
    .all(nothing);

  app.onError((error, c) => {
    dropBody(c.req.raw);
    return answerError(error, c.get("requestId"), namedRoom(c));
  });
  return app;
}
