import type { Env } from "./config.ts";
import { Refusal } from "./errors.ts";

/** Whom a connect counts against: the user behind it, or the address where there is none (SPEC A7). */
export type Payer = { user: string } | { address: string };

/** The address a request comes from, as the platform tells it; what a caller writes there is replaced. */
export function addressOf(request: Request): string {
  return request.headers.get("CF-Connecting-IP") ?? "unknown";
}

/**
 * Counts a connect; the limit is set in `wrangler.toml`.
 *
 * @throws Refusal `rate_limited`.
 */
export async function countConnect(env: Env, payer: Payer): Promise<void> {
  if (!env.CONNECTS) return;
  const key = "user" in payer ? `user:${payer.user}` : `address:${payer.address}`;
  const { success } = await env.CONNECTS.limit({ key });
  if (!success) throw new Refusal("rate_limited", "user" in payer ? payer.user : undefined);
}
