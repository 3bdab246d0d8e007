import { parseSince, type Since } from "../../protocol/since.ts";
import { judge, type CredentialContext } from "../access/policy.ts";
import { callerOf, countRead } from "../access/rate-limit.ts";
import type { RequestContext } from "../access/request-context.ts";
import { isServerKey } from "../access/server-key.ts";
import { countStranger, hasPublicCounts, orStranger } from "../access/stranger.ts";
import { Refusal } from "../errors.ts";
import type { ReadRequest } from "../room/room-request.ts";
import type { RoomSession } from "../session/room-session.ts";
import { askRoom } from "../room/room-stub.ts";
import { readCredential, type Credential } from "../session/credential.ts";
import { sessionCookies } from "../session/index.ts";
import { requireUnrevoked } from "../user/user-stub.ts";
import { pageOf, windowOfRead } from "./window.ts";

/** The context in which a request's credential is judged. */
export function credentialContextOf(context: RequestContext, room: string): CredentialContext {
  const { config, policy, request } = context;
  return {
    room,
    request,
    origin: () => context.url.origin,
    config,
    policy,
    caller: callerOf(context),
  };
}

export function sinceOf(query: URLSearchParams | null): { since?: Since } {
  const since = parseSince(query?.get("since") ?? "");
  return since ? { since } : {};
}

async function readRequestOf(
  context: RequestContext,
  room: string,
  reader: RoomSession | "backend",
): Promise<ReadRequest> {
  const { query, requestId } = context;
  if (isOfCounts(query)) return { ask: "read", requestId, countsOnly: true };
  const page = reader === "backend" ? pageOf(query) : null;
  if (page) return { ask: "read", requestId, page };
  return {
    ask: "read",
    requestId,
    ...sinceOf(query),
    ...(await windowOfRead(context, query, room, reader)),
  };
}

function isOfCounts(query: URLSearchParams | null): boolean {
  return query?.get("fields") === "counts";
}

/**
 * Reads a room, for sessions that may (SPEC R3, R6, R7) and for the app's backend (B5).
 *
 * @throws Refusal with a code of A5.
 */
export async function read(context: RequestContext, room: string): Promise<Response> {
  const { env, config, request } = context;
  const credential = readCredential(request, sessionCookies(config.session));
  if (credential?.kind === "bearer" && (await isServerKey(credential.token, config.serverKeys))) {
    return askRoom(env, room, await readRequestOf(context, room, "backend"), request);
  }
  if (
    config.publicCounts.length > 0 &&
    isOfCounts(context.query) &&
    hasPublicCounts(context, room)
  ) {
    return readPublicCounts(context, room, credential);
  }
  const session = await judgeReader(context, room, credential);
  const counted = countRead(config.env.READS, session.user.id);
  const answer = readRequestOf(context, room, session).then((read) =>
    askRoom(env, room, read, request),
  );
  if (counted || config.users !== null) {
    await Promise.all([counted, requireUnrevoked(config, session), answer]);
  }
  return answer;
}

/** Checks the reader's session and access; revocations are checked in parallel with the room. */
async function judgeReader(
  context: RequestContext,
  room: string,
  credential: Credential | null,
): Promise<RoomSession> {
  // Without a credential nothing can fail.
  if (credential === null) throw new Refusal("unauthenticated");
  const { session, ticket } = await judge(credential, credentialContextOf(context, room));
  // A read would not use the ticket up, so it is refused; a bad ticket was refused as such above.
  if (ticket) throw new Refusal("unauthenticated", session.user.id);
  if (!(await context.policy.authorize(session, room, "read", context))) {
    throw new Refusal("room_forbidden", session.user.id);
  }
  return session;
}

/** Answers anyone with the counts; a caller with a valid session counts as that user (SPEC S3). */
async function readPublicCounts(
  context: RequestContext,
  room: string,
  credential: Credential | null,
): Promise<Response> {
  const { config, env, request, requestId } = context;
  const session = await orStranger(async () => {
    const judged = await judgeReader(context, room, credential);
    await requireUnrevoked(config, judged);
    return judged;
  });
  await (session
    ? countRead(config.env.READS, session.user.id)
    : countStranger(config.env.READS, request));
  return askRoom(env, room, { ask: "read", requestId, countsOnly: true }, request);
}
