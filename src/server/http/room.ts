import { parseSince, type Since } from "../../protocol/since.ts";
import { Refusal, type ErrorCode } from "../errors.ts";
import type { RequestContext } from "../access/request-context.ts";
import { openInBand } from "./in-band.ts";
import { describeError, log } from "../log.ts";
import { requireOrigin } from "../access/origin.ts";
import { judge, type CredentialContext, type Judged } from "../access/policy.ts";
import { addressOf, callerOf, countConnect, countRead } from "../access/rate-limit.ts";
import { askRoom } from "../room/room-stub.ts";
import type { JoinRequest, ReadRequest } from "../room/room-request.ts";
import { isServerKey } from "../access/server-key.ts";
import { readCredential, type Credential } from "../session/credential.ts";
import { sessionCookies } from "../session/index.ts";
import { requireHandshake } from "./upgrade.ts";
import { joinAdmitted, orStale, requireUnrevoked } from "../user/user-stub.ts";

/** What a credential in a request is judged for, and by. */
export function credentialContextOf(asked: RequestContext, room: string): CredentialContext {
  const { config, policy, request } = asked;
  return {
    room,
    request,
    get origin() {
      return asked.url.origin;
    },
    config,
    policy,
    caller: callerOf(asked),
  };
}

/** The query, or `null`: most reads have none, and parsing the URL would cost them 25 µs. */
function queryOf(asked: RequestContext): URLSearchParams | null {
  return asked.request.url.includes("?") ? asked.url.searchParams : null;
}

function sinceOf(query: URLSearchParams | null): { since?: Since } {
  const since = parseSince(query?.get("since") ?? "");
  return since ? { since } : {};
}

function readRequestOf(asked: RequestContext): ReadRequest {
  const query = queryOf(asked);
  return {
    ask: "read",
    requestId: asked.requestId,
    ...sinceOf(query),
    ...(query?.get("fields") === "counts" && { countsOnly: true }),
  };
}

function joinRequestOf(asked: RequestContext): Omit<JoinRequest, "joiner"> {
  const query = queryOf(asked);
  return {
    ask: "join",
    requestId: asked.requestId,
    ...sinceOf(query),
    ...(query?.get("view") === "snapshot" && { view: "snapshot" }),
    ...(query?.get("idle") === "true" && { idle: true }),
  };
}

/**
 * Reads a room, for whoever may (SPEC R3, R6, R7), and for the app's backend (B5).
 *
 * @throws Refusal with a code of A5.
 */
export async function read(asked: RequestContext, room: string): Promise<Response> {
  const { env, config, policy, request } = asked;
  const credential = readCredential(request, sessionCookies(config.session));
  if (credential?.kind === "bearer" && (await isServerKey(credential.token, config.serverKeys))) {
    return askRoom(env, room, readRequestOf(asked), request);
  }
  // Nothing came that could fail.
  if (credential === null) throw new Refusal("unauthenticated");
  const { session, ticket } = await judge(credential, credentialContextOf(asked, room));
  // To read with a ticket would not use it up; but a client learns here whether it is a bad one.
  if (ticket) throw new Refusal("unauthenticated", session.user.id);
  if (!(await policy.authorize(session, room, "read", asked))) {
    throw new Refusal("room_forbidden", session.user.id);
  }
  const counted = countRead(config.env.READS, session.user.id);
  const answer = askRoom(env, room, readRequestOf(asked), request);
  if (counted || config.users !== null) {
    await Promise.all([counted, requireUnrevoked(config, session)]);
  }
  return answer;
}

/**
 * Joins a room: with a credential, or, where that is allowed, with a token to come (SPEC R1, T2).
 *
 * @throws Refusal with a code of A5.
 */
export async function join(asked: RequestContext, room: string): Promise<Response> {
  const { config, request, url } = asked;
  requireHandshake(request);
  const byMessage = url.searchParams.get("auth") === "message";
  if (byMessage && config.inBandAuth) {
    requireOrigin(request, null, url.origin, config.allowedOrigins);
    return openInBand((token, isWanted) => enterInBand(asked, room, token, isWanted));
  }
  const credential = readCredential(request, sessionCookies(config.session));
  requireOrigin(request, credential, url.origin, config.allowedOrigins);
  return enter(asked, room, await judgeJoin(asked, room, credential));
}

/** Judges who connects, counts the connect, and asks whether they may join. */
async function judgeJoin(
  asked: RequestContext,
  room: string,
  credential: Credential | null,
): Promise<Judged> {
  const judged = await judge(credential, credentialContextOf(asked, room));
  const { session } = judged;
  const user = session.user.id;
  await countConnect(asked.env.CONNECTS, user);
  if (!(await asked.policy.authorize(session, room, "join", asked))) {
    throw new Refusal("room_forbidden", user);
  }
  return judged;
}

async function enter(
  asked: RequestContext,
  room: string,
  { session, ticket }: Judged,
): Promise<Response> {
  const { env, config, request } = asked;
  const { host, origin } = asked.url;
  const address = addressOf(request);
  const joining = {
    ...joinRequestOf(asked),
    host,
    origin,
    ...(address !== null && { address }),
    ...(ticket && { ticket }),
  };
  return joinAdmitted(config, session, room, async (joiner) =>
    orStale(await askRoom(env, room, { ...joining, joiner }, request)),
  );
}

async function enterInBand(
  asked: RequestContext,
  room: string,
  token: string | null,
  isWanted: () => boolean,
): Promise<WebSocket | ErrorCode> {
  const { requestId } = asked;
  try {
    const credential: Credential | null = token === null ? null : { kind: "message", token };
    const judged = await judgeJoin(asked, room, credential);
    // Nobody is there to hear it.
    if (!isWanted()) return "unauthenticated";
    const response = await enter(asked, room, judged);
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
