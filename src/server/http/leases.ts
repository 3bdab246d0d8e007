import * as v from "valibot";
import { dataSchema, statusSchema } from "../../protocol/client-frame.ts";
import { parseSince } from "../../protocol/since.ts";
import { answerHeaders } from "../answer.ts";
import { readBody } from "./body.ts";
import { digest } from "../platform/digest.ts";
import { Refusal } from "../errors.ts";
import { requireOrigin } from "../access/origin.ts";
import { judge } from "../access/policy.ts";
import { countConnect, countRead } from "../access/rate-limit.ts";
import { LEASE_UNKNOWN, type HoldRequest } from "../room/room-request.ts";
import { type RoomSession } from "../session/room-session.ts";
import { askRoom, callRoom, orRoomUnavailable } from "../room/room-stub.ts";
import { credentialContextOf } from "./read.ts";
import { windowEntries, windowOfLease } from "./window.ts";
import type { RequestContext } from "../access/request-context.ts";
import { readCredential } from "../session/credential.ts";
import { sessionCookies } from "../session/index.ts";
import { joinAdmitted, orStale } from "../user/user-stub.ts";

const leaseSchema = v.pipe(v.string(), v.maxLength(64));

/** The body of `PUT /rooms/:room/me`. */
export const holdSchema = v.object({
  lease: v.nullish(leaseSchema),
  status: v.optional(v.nullable(statusSchema)),
  data: v.optional(v.nullable(dataSchema)),
  idle: v.optional(v.boolean()),
  since: v.nullish(v.string()),
  ...windowEntries,
});

/** The body of `POST /rooms/:room/me/leave`. */
export const leaveSchema = v.object({ lease: leaseSchema, closing: v.optional(v.boolean()) });

/** The id of a lease's connection: it is stored and logged, so it must not reveal the lease. */
async function connectionOf(lease: string): Promise<string> {
  const hex = await digest(lease);
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, "$1-$2-$3-$4-$5");
}

/**
 * Creates or renews a lease: presence without a socket (SPEC P1).
 *
 * @throws Refusal with a code of A5, `bad_request`, `too_large`.
 */
export async function holdLease(context: RequestContext, room: string): Promise<Response> {
  const { env, config, policy, request, url, requestId } = context;
  const credential = readCredential(request, sessionCookies(config.session));
  requireOrigin(request, credential, url.origin, config.allowedOrigins);
  const { session, ticket } = await judge(credential, credentialContextOf(context, room));
  const user = session.user.id;
  if (!(await policy.authorize(session, room, "join", context)))
    throw new Refusal("room_forbidden", user);
  const { lease, since, status, data, idle, ...wanted } = await readBody(request, holdSchema);
  const held = since ? parseSince(since) : null;
  const window = await windowOfLease(context, wanted, room, session);
  const put = async (joiner: RoomSession, token: string, isNew: boolean): Promise<Response> => {
    const connection = await connectionOf(token);
    // In a large room, a shard of another generation may still have it.
    const replaces = isNew && lease ? await connectionOf(lease) : undefined;
    const request: HoldRequest = {
      ask: "hold",
      requestId,
      joiner,
      lease: { token, connection, isNew, replaces, update: { status, data, idle } },
      ...(held && { since: held }),
      ...(ticket && { ticket }),
      ...window,
    };
    return askRoom(env, room, request, context.request);
  };
  if (lease) {
    await countRead(config.env.READS, user);
    const renewed = await joinAdmitted(config, session, room, async (joiner) =>
      orStale(await put(joiner, lease, false)),
    );
    if (renewed.status !== LEASE_UNKNOWN) return renewed;
  }
  // Only a new lease counts as a connect (SPEC A7).
  await countConnect(config.env.CONNECTS, user);
  return joinAdmitted(config, session, room, async (joiner) =>
    orStale(await put(joiner, crypto.randomUUID(), true)),
  );
}

/**
 * Ends a lease. The lease is the only credential: a page that closes cannot send more (SPEC P2).
 *
 * @throws Refusal `origin_forbidden`, `bad_request`, `too_large`, `rate_limited`.
 */
export async function endLease(context: RequestContext, room: string): Promise<Response> {
  const { env, config, request, url, requestId } = context;
  requireOrigin(request, null, url.origin, config.allowedOrigins);
  const user = await countLeave(context, room);
  const { lease, closing = false } = await readBody(request, leaveSchema);
  const connection = await connectionOf(lease);
  await orRoomUnavailable(room, requestId, () =>
    callRoom(
      env,
      room,
      async (stub) => void (await stub.endLease(connection, closing, user)),
      { ask: "leave", requestId, leaving: { connection, closing } },
      async () => {},
    ),
  );
  return new Response(null, { status: 204, headers: answerHeaders(requestId) });
}

/**
 * Returns whose session it is, if there is one. A caller without one could guess leases and wake rooms, so each counts against its address.
 */
async function countLeave(context: RequestContext, room: string): Promise<string | undefined> {
  const { config, request } = context;
  const credentialContext = credentialContextOf(context, room);
  const credential = readCredential(request, sessionCookies(config.session));
  try {
    const { session } = await judge(credential, credentialContext);
    await countRead(config.env.READS, session.user.id);
    return session.user.id;
  } catch (error) {
    if (!(error instanceof Refusal) || error.code === "rate_limited") throw error;
    // A failure has been counted already.
    if (error.code === "session_unavailable") await credentialContext.caller.countFailure();
    return undefined;
  }
}
