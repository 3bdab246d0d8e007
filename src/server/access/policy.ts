import {
  authorizeByRooms,
  type Action,
  type Authorize,
  type AuthorizeWatch,
  type RuleContext,
} from "./authorize.ts";
import type { Caller } from "./caller.ts";
import type { Config } from "../config/config.ts";
import { configOf } from "../config/parse.ts";
import type { Env } from "../env.ts";
import { Refusal, type ErrorCode } from "../errors.ts";
import { describeError, log } from "../log.ts";
import { isAllowedOrigin } from "./origin.ts";
import type { RoomSession } from "../session/room-session.ts";
import type { UsedTicket } from "../session/own-tokens.ts";
import { isServerKey } from "./server-key.ts";
import { candidateFromJson, type Candidate } from "../session/candidate.ts";
import { tryEach, type Credential } from "../session/credential.ts";
import { DETAIL, invalidSession } from "../session/details.ts";
import { verifyCredential } from "../session/index.ts";
import { isOwnSession, verifySession, verifyTicket } from "../session/own-tokens.ts";
import { sealSession } from "../session/seal.ts";
import type { Session } from "../session/session.ts";
import { isKnownGood, isKnownRevoked } from "./known-sessions.ts";

/** An app's own check of a token: returns its session, or `null` if it is not valid. */
export type Verify<Bindings = Env> = (
  token: string,
  kind: "bearer" | "cookie" | "message",
  context: RuleContext<Bindings>,
) => Session | null | Promise<Session | null>;

/** What an app may decide by its own rules. */
export interface PolicyOptions<Bindings = Env> {
  /** Replaces the check by `SESSION_FORMAT`. */
  verify?: Verify<Bindings>;
  /** Replaces the default rule, by which a session's `rooms` decide (SPEC A4). */
  authorize?: Authorize<Bindings>;
  /** Restricts whom a session may watch in a room that it may read (SPEC S6). */
  authorizeWatch?: AuthorizeWatch<Bindings>;
}

/** The rules that a session is judged by. */
export interface Policy {
  verify?: Verify;
  authorize(
    session: RoomSession,
    room: string,
    action: Action,
    context: RuleContext,
  ): boolean | Promise<boolean>;
  authorizeWatch?: AuthorizeWatch;
}

/** Makes a policy of the app's rules and of those that no app may change. */
export function createPolicy({
  verify,
  authorize = authorizeByRooms,
  authorizeWatch,
}: PolicyOptions): Policy {
  return {
    ...(verify && { verify }),
    // Passes only the public context to the app's rule.
    authorize: (session, room, action, { env, request }) =>
      (session.onlyRoom ?? room) === room &&
      authorize(session, room, action, ruleContext(env, request)),
    ...(authorizeWatch && {
      authorizeWatch: (session, room, ids, { env, request }) =>
        authorizeWatch(session, room, ids, ruleContext(env, request)),
    }),
  };
}

function ruleContext(env: Env, request?: Request): RuleContext {
  return request ? { env, request } : { env };
}

let current = createPolicy({});

/**
 * Sets the policy for this isolate. A room judges tokens that come over its sockets, and shares
 * nothing with the app but this module: both run the script that calls `createApp`.
 */
export function setPolicy(policy: Policy): void {
  current = policy;
}

/** The policy of this isolate. */
export function currentPolicy(): Policy {
  return current;
}

/**
 * The configuration, which needs no session format if the app checks credentials itself. The
 * first read decides for the isolate, so `configOf` must not be called without the policy.
 */
export function currentConfig(env: Env): Config {
  return configOf(env, current.verify !== undefined);
}

/** The session of a credential, and its ticket if it was one, which the room accepts only once. */
export interface Judged {
  session: RoomSession;
  ticket?: UsedTicket;
}

/** The context in which a credential is judged. */
export interface CredentialContext {
  room: string;
  /** The origin that the request came to: to find it, a URL is parsed, which most reads avoid. */
  origin: () => string;
  config: Config;
  /** Absent if a room judges a token that came over an open socket. */
  request?: Request;
  /** This isolate's if absent. */
  policy?: Policy;
  /** The caller against whom a failure counts (SPEC A7). */
  caller: Caller;
}

/** Checks a credential for a room, and seals the session behind it. */
async function judgeCredential(
  credential: Credential | null,
  context: CredentialContext,
): Promise<Judged> {
  if (credential === null) throw new Refusal("unauthenticated");
  const now = Date.now();
  const { sessionMs } = context.config.session;
  return tryEach(credential, async (one) => {
    const { candidate, ticket } = await verify(one, context, now);
    return { session: sealSession(candidate, { now, sessionMs }), ...(ticket && { ticket }) };
  });
}

/** Finds out whose credential it is; the answer is not checked yet. */
async function verify(
  credential: Credential,
  context: CredentialContext,
  now: number,
): Promise<{ candidate: Candidate; ticket?: UsedTicket }> {
  const { room, config, request, policy = current, caller } = context;
  const { kind, token } = credential;
  if (kind === "ticket") {
    if (config.tickets === null) throw invalidSession(DETAIL.noTickets);
    return verifyTicket(token, room, config.tickets.secrets, now);
  }
  // It is no session, and must not be sent to another service.
  if (await isServerKey(token, config.serverKeys)) throw invalidSession(DETAIL.serverKey);
  if (kind !== "cookie" && config.renewal !== null && isOwnSession(token)) {
    return { candidate: await verifySession(token, config.renewal.secrets) };
  }
  const beforeAsking = () => caller.beforeAsking();
  if (policy.verify) {
    // An app's own check may ask any service.
    await beforeAsking();
    const answer: unknown = await policy.verify(token, kind, ruleContext(config.env, request));
    if (answer === null) throw invalidSession(DETAIL.verify);
    return { candidate: candidateFromJson(answer) };
  }
  const allowsOrigin = (origin: string) =>
    isAllowedOrigin(origin, context.origin(), config.allowedOrigins);
  return {
    candidate: await verifyCredential(credential, config.session, {
      now,
      allowsOrigin,
      beforeAsking,
    }),
  };
}

const CREDENTIAL_FAILURES: ReadonlySet<ErrorCode> = new Set([
  "unauthenticated",
  "session_invalid",
  "session_expired",
  "session_revoked",
]);

/**
 * Checks a credential for a room; one that fails, or was lately found to be revoked, counts against
 * its caller's address (SPEC A7).
 *
 * @throws Refusal with a code of A5.
 */
export async function judge(
  credential: Credential | null,
  context: CredentialContext,
): Promise<Judged> {
  const { config, caller } = context;
  try {
    const judged = await judgeCredential(credential, context);
    if (config.users !== null) requireAskable(judged.session, caller);
    return judged;
  } catch (error) {
    if (error instanceof Refusal && CREDENTIAL_FAILURES.has(error.code)) {
      await caller.countFailure();
    }
    throw error;
  } finally {
    caller.finish();
  }
}

/** Whether the user's object may be asked about a session (SPEC A7, B8). */
function requireAskable(session: RoomSession, caller: Caller): void {
  const now = Date.now();
  if (isKnownRevoked(session, now)) throw new Refusal("session_revoked", session.user.id);
  if (caller.isOver && !isKnownGood(session, now)) {
    throw new Refusal("rate_limited", session.user.id);
  }
}

/** Whether a session may do something in a room, for a room, which has no request. */
export async function mayEnter(
  session: RoomSession,
  room: string,
  action: Action,
  { env }: Config,
  policy = current,
): Promise<boolean> {
  return policy.authorize(session, room, action, { env });
}

/** Checks a token that came over a socket, and whether its session may enter; refuses otherwise. */
export async function judgeToken(
  token: string,
  action: Action,
  context: CredentialContext,
): Promise<RoomSession | Refusal> {
  const { room, config, policy = current } = context;
  try {
    const { session } = await judge({ kind: "message", token }, context);
    if (await mayEnter(session, room, action, config, policy)) return session;
    return new Refusal("room_forbidden", session.user.id);
  } catch (error) {
    if (error instanceof Refusal) return error;
    log("failure", { code: "internal", room, reason: describeError(error) });
    return new Refusal("internal");
  }
}
