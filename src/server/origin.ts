import type { MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { configOf, type Env } from "./config.ts";
import { Refusal } from "./errors.ts";
import type { Credential } from "./session/credential.ts";

/** An origin is allowed where its host is the service's own, or where it is in the list. */
export function isAllowedOrigin(
  origin: string,
  host: string,
  allowed: ReadonlySet<string>,
): boolean {
  return allowed.has(origin) || (URL.canParse(origin) && new URL(origin).host === host);
}

/** The host that a request came to. */
export function hostOf(request: Request): string {
  return new URL(request.url).host;
}

/**
 * Guards an upgrade: a page of a foreign origin could open one with the user's cookie (SPEC A3).
 *
 * @throws Refusal `origin_forbidden`.
 */
export function requireOrigin(
  request: Request,
  credential: Credential | null,
  allowed: ReadonlySet<string>,
): void {
  const origin = request.headers.get("Origin");
  const passes =
    origin === null
      ? credential?.kind !== "cookie"
      : isAllowedOrigin(origin, hostOf(request), allowed);
  if (!passes) throw new Refusal("origin_forbidden");
}

const allowWithCredentials = cors({
  origin: (origin) => origin,
  credentials: true,
  allowMethods: ["GET", "HEAD", "POST"],
  allowHeaders: ["Authorization", "Content-Type", "If-None-Match"],
  exposeHeaders: ["ETag", "Retry-After", "X-Request-Id"],
  maxAge: 600,
});

/** CORS for the allowed origins, by name; a foreign one gets its answer without (SPEC A3). */
export const allowOrigins: MiddlewareHandler<{ Bindings: Env }> = async (c, next) => {
  if (c.req.header("Upgrade") !== undefined) return next();
  const origin = c.req.header("Origin");
  if (
    origin !== undefined &&
    isAllowedOrigin(origin, hostOf(c.req.raw), configOf(c.env).allowedOrigins)
  ) {
    return allowWithCredentials(c, next);
  }
  if (c.req.method === "OPTIONS") return c.body(null, 204, { Vary: "Origin" });
  await next();
  c.res.headers.append("Vary", "Origin");
};
