import { Refusal, type ErrorCode } from "../errors.ts";
import type { RequestContext } from "./request-context.ts";
import { matchesRoom } from "./match-room.ts";
import { addressOf } from "./rate-limit.ts";

/** Whether anybody may read a room's counts (SPEC S3). */
export function hasPublicCounts({ config }: RequestContext, room: string): boolean {
  return matchesRoom(config.publicCounts, room);
}

/** Refusals after which a caller counts as a stranger; after any other, the check itself failed. */
const STRANGE: ReadonlySet<ErrorCode> = new Set([
  "unauthenticated",
  "session_invalid",
  "session_expired",
  "session_revoked",
  "room_forbidden",
  // The address has used up its failures of credentials; strangers have a separate limit.
  "rate_limited",
]);

/** Returns the caller's session, or `null` if they count as a stranger. */
export async function orStranger<Known>(judge: () => Promise<Known>): Promise<Known | null> {
  try {
    return await judge();
  } catch (error) {
    if (error instanceof Refusal && STRANGE.has(error.code)) return null;
    throw error;
  }
}

/**
 * Counts a stranger against their address, separately from failed credentials (SPEC S3, A7).
 *
 * @throws Refusal `rate_limited`.
 */
export async function countStranger(
  limiter: RateLimit | undefined,
  request: Request,
): Promise<void> {
  if (!limiter) return;
  const { success } = await limiter.limit({ key: `stranger:${addressOf(request) ?? "unknown"}` });
  if (!success) throw new Refusal("rate_limited");
}
