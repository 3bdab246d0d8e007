import * as v from "valibot";
import { answerJson } from "../answer.ts";
import { readBody } from "./body.ts";
import { readEvent, userEventSchema } from "./events.ts";
import { inParallel } from "../platform/in-parallel.ts";
import type { RequestContext } from "../access/request-context.ts";
import { isUserId } from "../../protocol/user-id.ts";
import type { User } from "../user/user.ts";
import { askUser } from "../user/user-stub.ts";
import { UNKNOWN, type UserView } from "../user/whereabouts.ts";

/** At most 1,000 objects can be asked by one request on the platform. */
const MAX_USERS = 500;
const USERS_AT_ONCE = 50;
/** Users whose state has not arrived after this time are reported with `status: null`. */
const USERS_MS = 10_000;
/** Enough for `MAX_USERS` ids of any content. */
const MAX_LIST_BYTES = 262_144;

const userSchema = v.pipe(v.string(), v.minLength(1), v.maxLength(128), v.check(isUserId));
/** The body of `POST /users/:user/revocations`: a mistyped key must not revoke everything. */
export const revocationSchema = v.strictObject({
  session: v.optional(v.pipe(v.string(), v.minLength(1))),
});
/** The body of `POST /users/presence`. */
export const presenceSchema = v.object({
  users: v.pipe(v.array(userSchema), v.maxLength(MAX_USERS)),
});

/**
 * Ends a session of a user, or all that were issued until now (SPEC B3).
 *
 * @throws Refusal `bad_request`, `too_large`, `user_unavailable`.
 */
export async function revoke({ config, request, requestId }: RequestContext, user: string) {
  const { session = null } = await readBody(request, revocationSchema);
  const closed = await askUser(config, user, (stub) => stub.revoke(session));
  return answerJson({ closed }, requestId);
}

/**
 * Withdraws all revocations of a user (SPEC B7).
 *
 * @throws Refusal `user_unavailable`.
 */
export async function lift({ config, requestId }: RequestContext, user: string) {
  const lifted = await askUser(config, user, (stub) => stub.lift());
  return answerJson({ lifted }, requestId);
}

/**
 * Answers where a user is (SPEC B4).
 *
 * @throws Refusal `user_unavailable`.
 */
export async function tellWhereabouts({ config, requestId }: RequestContext, user: string) {
  const whereabouts = await askUser(config, user, (stub) => stub.whereabouts());
  return answerJson({ user, ...whereabouts }, requestId);
}

/**
 * Answers which users are present anywhere, in the order asked for; a user whose object fails does
 * not affect the others (SPEC B6).
 *
 * @throws Refusal `bad_request`, `too_large`.
 */
export async function tellPresence({ config, request, requestId }: RequestContext) {
  const asked = await readBody(request, presenceSchema, MAX_LIST_BYTES);
  const users = [...new Set(asked.users)];
  const endsAt = Date.now() + USERS_MS;
  const answers = await inParallel(users, USERS_AT_ONCE, (user) =>
    askUser(config, user, async (stub) => stub.whereabouts(), { limitMs: endsAt - Date.now() }),
  );
  const told = users.map((user, index) => {
    const learnt = answers[index]!;
    const { status, connections, lastOnline }: UserView =
      learnt.status === "fulfilled" ? learnt.value : UNKNOWN;
    return { user, status, connections, lastOnline };
  });
  return answerJson({ users: told }, requestId);
}

/**
 * Closes a user's connections in every room, and forgets the user (SPEC B11).
 *
 * @throws Refusal `bad_request`, `user_unavailable`.
 */
export async function forgetUser({ config, requestId }: RequestContext, user: string) {
  const closed = await askUser(config, user, (stub) => stub.forget());
  return answerJson({ closed }, requestId);
}

/**
 * Sends an event to a user's connections in every room (SPEC B11).
 *
 * @throws Refusal `bad_request`, `too_large`, `user_unavailable`.
 */
export async function sendUserEvent({ config, request, requestId }: RequestContext, user: string) {
  const { name, data } = await readEvent(request, userEventSchema);
  const send = (stub: DurableObjectStub<User>) => stub.deliver({ name, data });
  const delivered = await askUser(config, user, send, { once: true });
  return answerJson({ delivered }, requestId);
}
