import { Hono } from "hono";
import type { Context } from "hono";
import { requestId } from "hono/request-id";
import { authorizeByRooms, type Authorize } from "./authorize.ts";
import { configOf, type Env } from "./config.ts";
import { errorResponse, Refusal } from "./errors.ts";
import { describeError, log } from "./log.ts";
import { allowOrigin, preflight } from "./origin.ts";
import { endLease, holdLease } from "./lease-url.ts";
import { setPolicy, type Policy, type Verify } from "./policy.ts";
import { isUpgrade, join, read, type Asked } from "./room-url.ts";
import { giveTicket } from "./ticket-url.ts";
import { isRoomName } from "../protocol/room-name.ts";

export interface AppOptions {
  /** Replaces the check of credentials by `SESSION_FORMAT`. */
  verify?: Verify;
  /** Replaces the rule that a session's `rooms` decide (SPEC A4). */
  authorize?: Authorize;
}

type AppContext = Context<{ Bindings: Env }>;

/**
 * Makes the Worker's app: the room URL, tickets and a health check. Call it once, where the module
 * is loaded: the rooms take the same rules from it.
 *
 * @example
 * export default createApp({ authorize: (session, room) => session.roles.includes(room) });
 * export { Room } from "rollcall/server";
 */
export function createApp({ verify, authorize = authorizeByRooms }: AppOptions = {}) {
  const policy: Policy = { authorize, ...(verify && { verify }) };
  setPolicy(policy);
  const app = new Hono<{ Bindings: Env }>();

  app.use(requestId());
  app.get("/healthz", (c) => c.json({ ok: true }));

  const finish = (c: AppContext, answer: Response): Response => {
    const origin = c.req.header("Origin");
    // One with a socket cannot be copied, and needs no CORS.
    if (origin === undefined || answer.webSocket) return answer;
    return allowOrigin(answer, origin, c.req.url, configOf(c.env).allowedOrigins);
  };

  const asked = (c: AppContext): Asked => ({
    env: c.env,
    config: configOf(c.env, verify !== undefined),
    policy,
    request: c.req.raw,
    get url() {
      return new URL(c.req.url);
    },
    requestId: c.get("requestId"),
  });

  app.use(async (c, next) => {
    if (configOf(c.env, verify !== undefined).faults.length > 0) throw new Refusal("misconfigured");
    await next();
  });
  app.options("/rooms/*", preflight);
  app.options("/tickets", preflight);

  const roomOf = (c: AppContext): string => {
    const room = c.req.param("room") ?? "";
    if (!isRoomName(room)) throw new Refusal("room_invalid");
    return room;
  };

  app.get("/rooms/:room", async (c) => {
    const room = roomOf(c);
    return finish(c, await (isUpgrade(c.req.raw) ? join(asked(c), room) : read(asked(c), room)));
  });
  app.put("/rooms/:room/me", async (c) => finish(c, await holdLease(asked(c), roomOf(c))));
  app.post("/rooms/:room/me/leave", async (c) => finish(c, await endLease(asked(c), roomOf(c))));
  app.post("/tickets", async (c) => finish(c, await giveTicket(asked(c))));

  app.notFound((c) => finish(c, errorResponse("not_found", c.get("requestId"))));

  app.onError((error, c) => {
    const requestId = c.get("requestId");
    const room = c.req.param("room");
    if (error instanceof Refusal) {
      // Its log line was written when the configuration was read, once.
      if (error.code !== "misconfigured") {
        const named = room !== undefined && isRoomName(room) ? room : undefined;
        log("refused", { code: error.code, room: named, user: error.user, requestId });
      }
      return finish(c, errorResponse(error.code, requestId));
    }
    log("failure", { code: "internal", reason: describeError(error), requestId });
    return finish(c, errorResponse("internal", requestId));
  });

  return app;
}
