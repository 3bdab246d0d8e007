import { Refusal } from "../errors.ts";
import { requireOrigin } from "./origin.ts";
import { callerOf } from "./rate-limit.ts";
import type { Asked } from "../http/room.ts";
import { bearerToken } from "../session/credential.ts";

const encoder = new TextEncoder();
const sha256 = (text: string) => crypto.subtle.digest("SHA-256", encoder.encode(text));

/**
 * Whether a token is one of the server keys (SPEC B5). Digests are compared, in constant time and
 * with every key, so that neither a key nor its length can be told from how long it takes.
 *
 * @example
 * if (await isServerKey(token, config.serverKeys)) console.log("asked by the app's backend");
 */
export async function isServerKey(token: string, keys: readonly string[]): Promise<boolean> {
  if (keys.length === 0) return false;
  const [presented, ...known] = await Promise.all([token, ...keys].map(sha256));
  const equal = known.filter((key) => crypto.subtle.timingSafeEqual(key, presented!));
  return equal.length > 0;
}

/**
 * Lets only the app's backend pass (SPEC B5).
 *
 * @throws Refusal `not_found` where there is no server key, `unauthenticated`, `rate_limited`, `origin_forbidden`.
 * @example
 * await requireServerKey(asked);
 */
export async function requireServerKey(asked: Asked): Promise<void> {
  const { config, request, url } = asked;
  const { serverKeys, allowedOrigins } = config;
  if (serverKeys.length === 0) throw new Refusal("not_found");
  // Where there is none, an empty one is compared: both take the same time.
  const token = bearerToken(request);
  if (!(await isServerKey(token ?? "", serverKeys))) {
    if (token !== null) await callerOf(asked).countFailure();
    throw new Refusal("unauthenticated");
  }
  if (request.method !== "GET") requireOrigin(request, null, url.origin, allowedOrigins);
}
