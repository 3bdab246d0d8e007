import { Refusal, type ErrorCode } from "../errors.ts";
import type { RequestContext } from "./request-context.ts";
import { matchesRoom } from "./match-room.ts";
import { addressOf } from "./rate-limit.ts";

/** Whether anybody may read a room's counts (SPEC S3). */
export function hasPublicCounts({ config }: RequestContext, room: string): boolean {
  return matchesRoom(config.publicCounts, room);
}

/** What only says that nobody is known to have come: not that it cannot be found out. */
const STRANGE: ReadonlySet<ErrorCode> = new Set([
  "unauthenticated",
  "session_invalid",
  "session_expired",
  "session_revoked",
  "room_forbidden",
  // The address has used up the failures of its credentials; strangers have a limit of their own.
  "rate_limited",
]);

/** Answers who comes, or `null` where `judge` refuses them as nobody that it knows. */
export async function orStranger<Known>(judge: () => Promise<Known>): Promise<Known | null> {
  try {
    return await judge();
  } catch (error) {
    if (error instanceof Refusal && STRANGE.has(error.code)) return null;
    throw error;
  }
}

/**
 * Counts a stranger by their address, apart from credentials that fail there (SPEC S3, A7).
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
