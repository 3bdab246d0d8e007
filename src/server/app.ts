import { Hono } from "hono";
import { answerJson } from "./answer.ts";
import { namedRoom, roomOf, type AppContext } from "./http/app-context.ts";
import { answerError } from "./answer-error.ts";
import { backendRoutes } from "./http/backend-routes.ts";
import { dropBody } from "./http/body.ts";
import type { AppBindings, Env } from "./env.ts";
import { errorResponse, Refusal } from "./errors.ts";
import { allowOrigin } from "./access/origin.ts";
import { preflight } from "./http/preflight.ts";
import { enter } from "./http/enter.ts";
import { describeService } from "./http/openapi/document.ts";
import { endLease, holdLease } from "./http/leases.ts";
import { createPolicy, currentConfig, setPolicy, type PolicyOptions } from "./access/policy.ts";
import { read } from "./http/read.ts";
import { RequestContext } from "./access/request-context.ts";
import { requestIdOf } from "./http/request-id.ts";
import { giveTicket } from "./http/tickets.ts";
import { isUpgrade } from "./http/upgrade.ts";

export interface AppOptions<Bindings extends Env = Env> extends PolicyOptions<Bindings> {
  /** The path below which the service answers, like `/presence`; `/` if absent. */
  basePath?: string;
}

const noNext = async () => {};

/**
 * Creates the Worker's app: rooms, tickets and a health check. Call it once, when the module loads:
 * the rooms use the same rules.
 *
 * @example
 * export default createApp({ authorize: (session, room) => session.roles.includes(room) });
 * export { Directory, Hub, Room, User } from "rollcall/server";
 */
export function createApp<Bindings extends Env = Env>(options: AppOptions<Bindings> = {}) {
  // The app declares the types of its deployment's bindings.
  const policy = createPolicy(options as AppOptions);
  setPolicy(policy);
  const app = new Hono<AppBindings>().basePath(options.basePath ?? "/");

  const finish = (c: AppContext, answer: Response): Response => {
    dropBody(c.req.raw);
    const origin = c.req.header("Origin");
    // An answer with a socket cannot be copied, and needs no CORS.
    if (origin === undefined || answer.webSocket) return answer;
    return allowOrigin(answer, origin, c.req.url, currentConfig(c.env).allowedOrigins);
  };

  const begin = (c: AppContext): RequestContext => {
    const requestId = requestIdOf(c.req.raw);
    c.set("requestId", requestId);
    const config = currentConfig(c.env);
    if (config.faults.length > 0) throw new Refusal("misconfigured");
    return new RequestContext({ env: c.env, config, policy, request: c.req.raw, requestId });
  };

  // One handler does everything for a request: a chain of middlewares would cost a read 10 µs.
  const handle = (
    answer: (context: RequestContext, c: AppContext) => Response | Promise<Response>,
  ) => {
    return async (c: AppContext): Promise<Response> => {
      return finish(c, await answer(begin(c), c));
    };
  };

  app.get("/healthz", (c) => c.json({ ok: true }));
  // First, because the preflights of the other routes would match these too.
  app.route("/", backendRoutes(begin));
  app.get(
    "/rooms/:room",
    handle((context, c) => (isUpgrade(c.req.raw) ? enter : read)(context, roomOf(c))),
  );
  app.put(
    "/rooms/:room/me",
    handle((context, c) => holdLease(context, roomOf(c))),
  );
  app.post(
    "/rooms/:room/me/leave",
    handle((context, c) => endLease(context, roomOf(c))),
  );
  app.post("/tickets", handle(giveTicket));
  app.get(
    "/openapi.json",
    handle(({ url, requestId }) => {
      return answerJson(describeService(url.href.split("/openapi.json")[0]!), requestId);
    }),
  );
  const allowed = handle(async (_context, c) => (await preflight(c, noNext)) as Response);
  app.options("/rooms/*", allowed);
  app.options("/tickets", allowed);
  app.notFound(handle(({ requestId }) => errorResponse("not_found", requestId)));

  app.onError((error, c) => finish(c, answerError(error, c.get("requestId"), namedRoom(c))));

  return app;
}
