import { Refusal } from "../errors.ts";
import { bearerToken } from "../session/credential.ts";
import { requireOrigin } from "./origin.ts";
import { callerOf } from "./rate-limit.ts";
import type { RequestContext } from "./request-context.ts";
import { isServerKey } from "./server-key.ts";

/**
 * Requires the app's server key (SPEC B5).
 *
 * @throws Refusal `not_found` if there is no server key, `unauthenticated`, `rate_limited`, `origin_forbidden`.
 * @example
 * await requireServerKey(context);
 */
export async function requireServerKey(context: RequestContext): Promise<void> {
  const { config, request, url } = context;
  const { serverKeys, allowedOrigins } = config;
  if (serverKeys.length === 0) throw new Refusal("not_found");
  // Without a token an empty one is compared, so that both take the same time.
  const token = bearerToken(request);
  if (!(await isServerKey(token ?? "", serverKeys))) {
    if (token !== null) await callerOf(context).countFailure();
    throw new Refusal("unauthenticated");
  }
  const reads = request.method === "GET" || request.method === "HEAD";
  if (!reads) requireOrigin(request, null, url.origin, allowedOrigins);
}
