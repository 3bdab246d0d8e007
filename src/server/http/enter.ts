import { requireOrigin } from "../access/origin.ts";
import { judge, type Judged } from "../access/policy.ts";
import { addressOf, countConnect } from "../access/rate-limit.ts";
import type { RequestContext } from "../access/request-context.ts";
import { countStranger, hasPublicCounts, orStranger } from "../access/stranger.ts";
import { errorResponse, Refusal, type ErrorCode } from "../errors.ts";
import { describeError, log } from "../log.ts";
import type { Env } from "../env.ts";
import type { JoinRequest, WatchRequest } from "../room/room-request.ts";
import type { RoomSession } from "../session/room-session.ts";
import { askRoom } from "../room/room-stub.ts";
import { readCredential, type Credential } from "../session/credential.ts";
import { sessionCookies } from "../session/index.ts";
import { joinAdmitted, orStale } from "../user/user-stub.ts";
import { openInBand } from "./in-band.ts";
import { credentialContextOf, sinceOf } from "./read.ts";
import { requireHandshake } from "./upgrade.ts";
import { asksForWindow, windowOfSocket } from "./window.ts";

/** How a caller enters a room: as a member, or as a watcher (SPEC S1). */
type EntryMode = "join" | "watch";

/** The options of an upgrade. */
function requestOf(
  context: RequestContext,
  room: string,
  entrant: RoomSession | "stranger",
): Omit<JoinRequest, "ask" | "joiner"> {
  const { query } = context;
  const { host, origin } = context.url;
  const address = addressOf(context.request);
  return {
    requestId: context.requestId,
    ...sinceOf(query),
    ...windowOfSocket(context, query, room, entrant),
    ...(query?.get("view") === "snapshot" && { view: "snapshot" }),
    ...(query?.get("idle") === "true" && { idle: true }),
    host,
    origin,
    ...(address !== null && { address }),
  };
}

/**
 * Enters a room over a socket: with a credential; if allowed, with a token that is sent later; or, if
 * strangers may watch, with none (SPEC R1, S1, S3, T2).
 *
 * @throws Refusal with a code of A5.
 */
export async function enter(context: RequestContext, room: string): Promise<Response> {
  const { config, request, query, url } = context;
  requireHandshake(request);
  const mode: EntryMode = query?.get("present") === "false" ? "watch" : "join";
  if (query?.get("auth") === "message" && config.inBandAuth) {
    requireOrigin(request, null, url.origin, config.allowedOrigins);
    return openInBand((token, isWanted) => enterInBand(context, room, mode, token, isWanted));
  }
  const credential = readCredential(request, sessionCookies(config.session));
  requireOrigin(request, credential, url.origin, config.allowedOrigins);
  if (isOpenToStrangers(context, room, mode)) return watchPublic(context, room, credential);
  return admit(context, room, mode, await judgeEntry(context, room, mode, credential));
}

/** Whether a caller whose credential fails is shown the counts (SPEC S3). */
function isOpenToStrangers(context: RequestContext, room: string, mode: EntryMode): boolean {
  const isWindow = asksForWindow(context.query);
  return mode === "watch" && isWindow && hasPublicCounts(context, room);
}

/** Opens a watcher's socket: anyone may watch the counts, and callers who may read the room users, too. */
async function watchPublic(
  context: RequestContext,
  room: string,
  credential: Credential | null,
): Promise<Response> {
  // Without a credential nothing can fail.
  const known =
    credential &&
    (await orStranger(async () => {
      const judged = await judge(credential, credentialContextOf(context, room));
      await requireAllowed(context, room, "watch", judged);
      return judged;
    }));
  if (known) {
    await countConnect(context.env.CONNECTS, known.session.user.id);
    // The session may have been revoked, and a ticket used before.
    const opened = await orStranger(() => admit(context, room, "watch", known));
    if (opened && opened.status !== 401) return opened;
  }
  await countStranger(context.env.CONNECTS, context.request);
  const { host: _, ...request } = requestOf(context, room, "stranger");
  return askToEnter(
    context.env,
    room,
    { ask: "watch", ...request, watcher: null },
    context.request,
  );
}

/** Checks the caller's session, counts the connect, and checks access to the room. */
async function judgeEntry(
  context: RequestContext,
  room: string,
  mode: EntryMode,
  credential: Credential | null,
): Promise<Judged> {
  const judged = await judge(credential, credentialContextOf(context, room));
  await countConnect(context.env.CONNECTS, judged.session.user.id);
  await requireAllowed(context, room, mode, judged);
  return judged;
}

async function requireAllowed(
  context: RequestContext,
  room: string,
  mode: EntryMode,
  { session }: Judged,
): Promise<void> {
  const action = mode === "join" ? "join" : "read";
  if (!(await context.policy.authorize(session, room, action, context))) {
    throw new Refusal("room_forbidden", session.user.id);
  }
}

/** Asks the user's object, and then the room, to admit a checked session. */
async function admit(
  context: RequestContext,
  room: string,
  mode: EntryMode,
  { session, ticket }: Judged,
): Promise<Response> {
  const { env, config, request } = context;
  const { host, ...entry } = { ...requestOf(context, room, session), ...(ticket && { ticket }) };
  const askAs = (entrant: RoomSession): JoinRequest | WatchRequest =>
    mode === "join"
      ? { ask: "join", ...entry, ...(host !== undefined && { host }), joiner: entrant }
      : { ask: "watch", ...entry, watcher: entrant };
  return joinAdmitted(config, session, room, async (admitted) =>
    orStale(await askToEnter(env, room, askAs(admitted), request)),
  );
}

/**
 * Asks a room for a socket. During a gradual deploy it may be one of 0.1.0, which knows no watchers and
 * takes them for readers of the whole list: its answer must reach nobody.
 */
async function askToEnter(
  env: Env,
  room: string,
  entry: JoinRequest | WatchRequest,
  original: Request,
): Promise<Response> {
  const answer = await askRoom(env, room, entry, original);
  return answer.ok ? errorResponse("room_unavailable", entry.requestId) : answer;
}

/** Returns `null` if the client is gone. */
async function answerToken(
  context: RequestContext,
  room: string,
  mode: EntryMode,
  token: string | null,
  isWanted: () => boolean,
): Promise<Response | null> {
  const credential: Credential | null = token === null ? null : { kind: "message", token };
  // Without a token in time nobody is let in, stranger or not (SPEC T2).
  if (credential && isOpenToStrangers(context, room, mode)) {
    return watchPublic(context, room, credential);
  }
  const judged = await judgeEntry(context, room, mode, credential);
  return isWanted() ? admit(context, room, mode, judged) : null;
}

async function enterInBand(
  context: RequestContext,
  room: string,
  mode: EntryMode,
  token: string | null,
  isWanted: () => boolean,
): Promise<WebSocket | ErrorCode> {
  const { requestId } = context;
  try {
    const response = await answerToken(context, room, mode, token, isWanted);
    // The client is gone.
    if (response === null) return "unauthenticated";
    if (response.webSocket) return response.webSocket;
    // The room has logged its refusal.
    const { error } = await response.json<{ error: { code: ErrorCode } }>();
    return error.code;
  } catch (error) {
    if (error instanceof Refusal) {
      log("refused", { ...error.logged, room, requestId });
      return error.code;
    }
    log("failure", { code: "internal", room, reason: describeError(error), requestId });
    return "internal";
  }
}
