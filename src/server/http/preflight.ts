import type { MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { isAllowedOrigin } from "../access/origin.ts";
import { currentConfig } from "../access/policy.ts";
import type { AppBindings } from "../env.ts";

const allow = cors({
  origin: (origin) => origin,
  credentials: true,
  allowMethods: ["GET", "HEAD", "POST", "PUT"],
  allowHeaders: ["Authorization", "Content-Type", "If-None-Match"],
  maxAge: 600,
});

/** Answers preflights, without a credential and without contacting a room (SPEC A3). */
export const preflight: MiddlewareHandler<AppBindings> = async (c, next) => {
  const origin = c.req.header("Origin");
  const { allowedOrigins } = currentConfig(c.env);
  if (origin !== undefined && isAllowedOrigin(origin, new URL(c.req.url).origin, allowedOrigins)) {
    return allow(c, next);
  }
  return c.body(null, 204, { Vary: "Origin" });
};
