import { Hono } from "hono";
import type { Context } from "hono";
import type { StatusCode } from "hono/utils/http-status";
import { requestId } from "hono/request-id";
import { secureHeaders } from "hono/secure-headers";
import { isRoomName } from "../protocol/room-name.ts";
import { parseSince } from "../protocol/since.ts";
import { authorizeByRooms, type Authorize } from "./authorize.ts";
import { configOf, type Env } from "./config.ts";
import { errorResponse, Refusal } from "./errors.ts";
import { describeError, log } from "./log.ts";
import { allowOrigins, isAllowedOrigin, requireOrigin } from "./origin.ts";
import { askRoom } from "./room-stub.ts";
import type { RoomRequest } from "./room-request.ts";
import { readCredential } from "./session/credential.ts";
import { sessionCookies, verifyCredential } from "./session/index.ts";

export interface AppOptions {
  /** Replaces the rule that a session's `rooms` decide (SPEC A4). */
  authorize?: Authorize;
}

type AppContext = Context<{ Bindings: Env }>;

const isUpgrade = (c: AppContext) => c.req.header("Upgrade")?.toLowerCase() === "websocket";

/** Answers with a response made elsewhere, and the headers set here; one with a socket stays as it is. */
function relay(c: AppContext, response: Response): Response {
  if (response.webSocket) return response;
  return c.newResponse(response.body, {
    status: response.status as StatusCode,
    headers: Object.fromEntries(response.headers),
  });
}

/**
 * Makes the Worker's app: the room URL and a health check.
 *
 * @example
 * export default createApp({ authorize: (session, room) => session.roles.includes(room) });
 * export { Room } from "rollcall/server";
 */
export function createApp({ authorize = authorizeByRooms }: AppOptions = {}) {
  const app = new Hono<{ Bindings: Env }>();

  app.use(requestId());
  // An answer that carries a socket cannot be copied, which is how headers are added. Whether a
  // domain is https-only is for its owner to say.
  const secure = secureHeaders({
    crossOriginResourcePolicy: false,
    strictTransportSecurity: false,
  });
  app.use((c, next) => (isUpgrade(c) ? next() : secure(c, next)));

  app.get("/healthz", (c) => c.json({ ok: true }));

  app.use(async (c, next) => {
    if (configOf(c.env).faults.length > 0) throw new Refusal("misconfigured");
    await next();
  });
  app.use("/rooms/*", allowOrigins);

  app.get("/rooms/:room", async (c) => {
    const room = c.req.param("room");
    if (!isRoomName(room)) throw new Refusal("room_invalid");
    const config = configOf(c.env);
    const joins = isUpgrade(c);
    const credential = readCredential(c.req.raw, sessionCookies(config.session));
    if (joins) requireOrigin(c.req.raw, credential, config.allowedOrigins);
    const session = await verifyCredential(credential, config.session, {
      now: Date.now(),
      allowsOrigin: (origin) => isAllowedOrigin(origin, c.req.raw, config.allowedOrigins),
    });
    if (!(await authorize(session, room, joins ? "join" : "read"))) {
      throw new Refusal("room_forbidden", session.user.id);
    }
    const since = parseSince(c.req.query("since") ?? "");
    const request: RoomRequest = {
      requestId: c.get("requestId"),
      ...(since && { since }),
      ...(c.req.query("view") === "snapshot" && { view: "snapshot" }),
      ...(c.req.query("fields") === "counts" && { countsOnly: true }),
      ...(joins && {
        joiner: {
          user: session.user,
          issuedAt: session.issuedAt ?? Date.now(),
          expiresAt: session.expiresAt,
        },
      }),
    };
    return relay(c, await askRoom(c.env, room, request, c.req.raw));
  });

  app.notFound((c) => relay(c, errorResponse("not_found", c.get("requestId"))));

  app.onError((error, c) => {
    const requestId = c.get("requestId");
    const room = c.req.param("room");
    if (error instanceof Refusal) {
      // Its log line was written when the configuration was read, once.
      if (error.code !== "misconfigured") {
        const named = room !== undefined && isRoomName(room) ? room : undefined;
        log("refused", { code: error.code, room: named, user: error.user, requestId });
      }
      return relay(c, errorResponse(error.code, requestId));
    }
    log("failure", { code: "internal", reason: describeError(error), requestId });
    return relay(c, errorResponse("internal", requestId));
  });

  return app;
}
