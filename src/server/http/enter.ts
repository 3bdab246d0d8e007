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
type Manner = "join" | "watch";

/** The options of an upgrade. */
function requestOf(
  asked: RequestContext,
  room: string,
  comer: RoomSession | "stranger",
): Omit<JoinRequest, "ask" | "joiner"> {
  const { query } = asked;
  const { host, origin } = asked.url;
  const address = addressOf(asked.request);
  return {
    requestId: asked.requestId,
    ...sinceOf(query),
    ...windowOfSocket(asked, query, room, comer),
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
export async function enter(asked: RequestContext, room: string): Promise<Response> {
  const { config, request, query, url } = asked;
  requireHandshake(request);
  const manner: Manner = query?.get("present") === "false" ? "watch" : "join";
  if (query?.get("auth") === "message" && config.inBandAuth) {
    requireOrigin(request, null, url.origin, config.allowedOrigins);
    return openInBand((token, isWanted) => enterInBand(asked, room, manner, token, isWanted));
  }
  const credential = readCredential(request, sessionCookies(config.session));
  requireOrigin(request, credential, url.origin, config.allowedOrigins);
  if (isOpenToStrangers(asked, room, manner)) return watchPublic(asked, room, credential);
  return admit(asked, room, manner, await judgeEntry(asked, room, manner, credential));
}

/** Whether a caller whose credential fails is shown the counts (SPEC S3). */
function isOpenToStrangers(asked: RequestContext, room: string, manner: Manner): boolean {
  const isWindow = asksForWindow(asked.query);
  return manner === "watch" && isWindow && hasPublicCounts(asked, room);
}

/** Lets anyone watch the counts, and callers who may read the room watch users, too. */
async function watchPublic(
  asked: RequestContext,
  room: string,
  credential: Credential | null,
): Promise<Response> {
  // Without a credential nothing can fail.
  const known =
    credential &&
    (await orStranger(async () => {
      const judged = await judge(credential, credentialContextOf(asked, room));
      await requireAllowed(asked, room, "watch", judged);
      return judged;
    }));
  if (known) {
    await countConnect(asked.env.CONNECTS, known.session.user.id);
    // The session may have been revoked, and a ticket used before.
    const opened = await orStranger(() => admit(asked, room, "watch", known));
    if (opened && opened.status !== 401) return opened;
  }
  await countStranger(asked.env.CONNECTS, asked.request);
  const { host: _, ...request } = requestOf(asked, room, "stranger");
  return askToEnter(asked.env, room, { ask: "watch", ...request, watcher: null }, asked.request);
}

/** Checks the caller's session, counts the connect, and checks access to the room. */
async function judgeEntry(
  asked: RequestContext,
  room: string,
  manner: Manner,
  credential: Credential | null,
): Promise<Judged> {
  const judged = await judge(credential, credentialContextOf(asked, room));
  await countConnect(asked.env.CONNECTS, judged.session.user.id);
  await requireAllowed(asked, room, manner, judged);
  return judged;
}

async function requireAllowed(
  asked: RequestContext,
  room: string,
  manner: Manner,
  { session }: Judged,
): Promise<void> {
  const action = manner === "join" ? "join" : "read";
  if (!(await asked.policy.authorize(session, room, action, asked))) {
    throw new Refusal("room_forbidden", session.user.id);
  }
}

/** Has the user's object and then the room admit a checked session. */
async function admit(
  asked: RequestContext,
  room: string,
  manner: Manner,
  { session, ticket }: Judged,
): Promise<Response> {
  const { env, config, request } = asked;
  const { host, ...entry } = { ...requestOf(asked, room, session), ...(ticket && { ticket }) };
  const askAs = (comer: RoomSession): JoinRequest | WatchRequest =>
    manner === "join"
      ? { ask: "join", ...entry, ...(host !== undefined && { host }), joiner: comer }
      : { ask: "watch", ...entry, watcher: comer };
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
  asked: RequestContext,
  room: string,
  manner: Manner,
  token: string | null,
  isWanted: () => boolean,
): Promise<Response | null> {
  const credential: Credential | null = token === null ? null : { kind: "message", token };
  // Without a token in time nobody is let in, stranger or not (SPEC T2).
  if (credential && isOpenToStrangers(asked, room, manner)) {
    return watchPublic(asked, room, credential);
  }
  const judged = await judgeEntry(asked, room, manner, credential);
  return isWanted() ? admit(asked, room, manner, judged) : null;
}

async function enterInBand(
  asked: RequestContext,
  room: string,
  manner: Manner,
  token: string | null,
  isWanted: () => boolean,
): Promise<WebSocket | ErrorCode> {
  const { requestId } = asked;
  try {
    const response = await answerToken(asked, room, manner, token, isWanted);
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
