import { authorizeByRooms, type Authorize } from "./authorize.ts";
import type { Config } from "./config.ts";
import { Refusal, type ErrorCode } from "./errors.ts";
import { describeError, log } from "./log.ts";
import { isAllowedOrigin } from "./origin.ts";
import type { RoomSession, UsedTicket } from "./room-request.ts";
import { toRoomSession } from "./room-request.ts";
import { isServerKey } from "./server-key.ts";
import type { Credential } from "./session/credential.ts";
import { verifyCredential } from "./session/index.ts";
import { isOwnSession, verifySession, verifyTicket } from "./session/own-tokens.ts";
import type { Session } from "./session/session.ts";

/** An app's own way to check a token: answers its session, or `null` for one that is not valid. */
export type Verify = (
  token: string,
  kind: "bearer" | "cookie" | "message",
) => Session | null | Promise<Session | null>;

/** What an app may decide by its own rules. */
export interface Policy {
  /** Replaces the check by `SESSION_FORMAT`. */
  verify?: Verify;
  /** Replaces the rule that a session's `rooms` decide (SPEC A4). */
  authorize: Authorize;
}

let current: Policy = { authorize: authorizeByRooms };

/**
 * Sets the policy for this isolate. A room judges tokens that come over its sockets, and shares
 * nothing with the app but this module: both run the script that calls `createApp`.
 */
export function setPolicy(policy: Policy): void {
  current = policy;
}

/** Whether the app checks credentials itself. */
export function checksItself(): boolean {
  return current.verify !== undefined;
}

/** Who is behind a credential, and the ticket it was, which the room must see used only once. */
export interface Judged {
  session: RoomSession;
  ticket?: UsedTicket;
}

/** What a credential is judged for, and by. */
export interface Circumstances {
  room: string;
  /** The host that the request came to. */
  host: string;
  config: Config;
  /** This isolate's where absent. */
  policy?: Policy;
}

/**
 * Checks a credential for a room.
 *
 * @throws Refusal with a code of A5.
 */
export async function judgeCredential(
  credential: Credential | null,
  circumstances: Circumstances,
): Promise<Judged> {
  const { room, config, policy = current } = circumstances;
  const { verify } = policy;
  if (credential === null) throw new Refusal("unauthenticated");
  const { kind, token } = credential;
  if (kind === "ticket") {
    if (config.tickets === null) throw new Refusal("session_invalid");
    return verifyTicket(token, room, config.tickets.secrets);
  }
  // It is nobody's session, and must not be asked about elsewhere.
  if (await isServerKey(token, config.serverKeys)) throw new Refusal("session_invalid");
  if (kind !== "cookie" && config.renewal !== null && isOwnSession(token)) {
    return { session: await verifySession(token, config.renewal.secrets) };
  }
  const session = verify
    ? await verify(token, kind)
    : await verifyCredential(credential, config.session, {
        now: Date.now(),
        allowsOrigin: (origin) =>
          isAllowedOrigin(origin, circumstances.host, config.allowedOrigins),
      });
  if (session === null) throw new Refusal("session_invalid");
  return { session: toRoomSession(session, Date.now()) };
}

/** Checks a token that came over a socket, and that its session may join; a code where not. */
export async function judgeToken(
  token: string,
  circumstances: Circumstances,
): Promise<RoomSession | ErrorCode> {
  const { room, policy = current } = circumstances;
  try {
    const { session } = await judgeCredential({ kind: "message", token }, circumstances);
    return (await policy.authorize(session, room, "join")) ? session : "room_forbidden";
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    log("failure", { code: "internal", room, reason: describeError(error) });
    return "internal";
  }
}
