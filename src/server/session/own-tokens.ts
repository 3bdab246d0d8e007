import { decodeProtectedHeader, errors, jwtVerify, SignJWT, type JWTPayload } from "jose";
import type { Refusal } from "../errors.ts";
import type { RoomSession } from "./room-session.ts";
import { candidateFromOwn, type Candidate } from "./candidate.ts";
import { DETAIL, invalidSession, refusalOf } from "./details.ts";
import type { Session } from "./session.ts";

/** The kinds of token that this service signs; each is valid for one purpose only. */
const TICKET = "rollcall-ticket+jwt";
const SESSION = "rollcall-session+jwt";

/** A used ticket: it is good once, so the room remembers it until it expires (SPEC T1). */
export interface UsedTicket {
  id: string;
  /** Milliseconds since 1970. */
  expiresAt: number;
}

interface OwnPayload extends JWTPayload {
  session: RoomSession;
  room?: string;
}

const keyOf = (secret: string) => new TextEncoder().encode(secret);

async function sign(
  typ: string,
  payload: OwnPayload,
  expiresAt: number,
  [newest]: readonly string[],
): Promise<string> {
  // Each use needs a new admission.
  const { admission: _, ...session } = payload.session;
  return new SignJWT({ ...payload, session })
    .setProtectedHeader({ alg: "HS256", typ })
    .setExpirationTime(Math.ceil(expiresAt / 1000))
    .sign(keyOf(newest!));
}

/** No tolerance for expiry: this service signed the token by its own clock. */
async function verify(typ: string, token: string, secrets: readonly string[]): Promise<OwnPayload> {
  for (const secret of secrets) {
    try {
      const { payload } = await jwtVerify<OwnPayload>(token, keyOf(secret), {
        algorithms: ["HS256"],
        typ,
        requiredClaims: ["exp"],
      });
      return payload;
    } catch (error) {
      if (error instanceof errors.JWSSignatureVerificationFailed) continue;
      throw refusalOf(error);
    }
  }
  throw invalidSession(DETAIL.signature);
}

/**
 * The expiry of a ticket that may last until `latest`: never after its session, and in whole seconds,
 * like all times in tokens (SPEC T1).
 */
export function ticketExpiry({ expiresAt }: Session, latest: number): number {
  return Math.min(Math.ceil(latest / 1000), Math.floor(expiresAt / 1000)) * 1000;
}

/**
 * Signs a ticket: it opens one connection of this session to this room, once, until `expiresAt`
 * (SPEC T1).
 *
 * @example
 * const ticket = await mintTicket(session, "lobby", Date.now() + 60_000, secrets);
 */
export function mintTicket(
  session: RoomSession,
  room: string,
  expiresAt: number,
  secrets: readonly string[],
): Promise<string> {
  return sign(TICKET, { session, room, jti: crypto.randomUUID() }, expiresAt, secrets);
}

/**
 * Checks a ticket for a room, and returns its session unsealed. The room knows whether the ticket was
 * used before.
 *
 * @throws Refusal `session_invalid`, for a late one too.
 */
export async function verifyTicket(
  token: string,
  room: string,
  secrets: readonly string[],
  now: number,
): Promise<{ candidate: Candidate; ticket: UsedTicket }> {
  const { session, jti, exp, ...payload } = await verify(TICKET, token, secrets).catch(
    (error: Refusal) => {
      throw error.code === "session_invalid" ? error : invalidSession(DETAIL.ticketExpired);
    },
  );
  if (payload.room !== room) throw invalidSession(DETAIL.ticketRoom);
  const candidate = candidateFromOwn(session);
  if (Number(candidate.expiresAt) <= now) throw invalidSession(DETAIL.ticketExpired);
  return {
    candidate: { ...candidate, onlyRoom: room },
    ticket: { id: jti!, expiresAt: exp! * 1000 },
  };
}

/** Signs a renewed session; the result is a bearer token (SPEC T5). */
export function mintSession(session: RoomSession, secrets: readonly string[]): Promise<string> {
  return sign(SESSION, { session }, session.expiresAt, secrets);
}

/** Whether a token claims to be a session that this service renewed. */
export function isOwnSession(token: string): boolean {
  try {
    return decodeProtectedHeader(token).typ === SESSION;
  } catch {
    return false;
  }
}

/**
 * Checks a session that this service renewed, and returns it unsealed.
 *
 * @throws Refusal `session_invalid`, `session_expired`.
 */
export async function verifySession(token: string, secrets: readonly string[]): Promise<Candidate> {
  return candidateFromOwn((await verify(SESSION, token, secrets)).session);
}
