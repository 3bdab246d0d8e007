import { Refusal } from "../errors.ts";
import { describeError, log } from "../log.ts";
import { within } from "../platform/time-limit.ts";
import type { Session } from "../session/session.ts";
import type { RuleContext } from "./authorize.ts";
import { currentPolicy, type Policy } from "./policy.ts";

/** If the app's own rule has not answered by then, it has failed. */
const ANSWER_MS = 5_000;

/**
 * The users, out of some, whom a session may watch in a room: all of them, unless the app has its own
 * rule (SPEC S6).
 *
 * @throws Refusal `session_unavailable` if that rule fails, or does not answer within 5 s.
 */
export async function mayWatch(
  session: Session,
  room: string,
  ids: readonly string[],
  context: RuleContext,
  { authorizeWatch }: Policy = currentPolicy(),
): Promise<ReadonlySet<string>> {
  const asked = new Set(ids);
  if (authorizeWatch === undefined || asked.size === 0) return asked;
  try {
    const answer = await within(ANSWER_MS, async () => {
      return authorizeWatch(session, room, [...asked], context);
    });
    // A string would count as a list of its characters.
    if (typeof answer === "string") throw new TypeError("authorizeWatch returned a string.");
    return new Set([...answer].filter((id) => asked.has(id)));
  } catch (error) {
    const user = session.user.id;
    log("failure", { code: "session_unavailable", room, user, reason: describeError(error) });
    throw new Refusal("session_unavailable", user);
  }
}

/** Whether the app restricts whom a session may watch. */
export function restrictsWatching({ authorizeWatch }: Policy = currentPolicy()): boolean {
  return authorizeWatch !== undefined;
}
