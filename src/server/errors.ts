import type { ContentfulStatusCode } from "hono/utils/http-status";
import { answerHeaders } from "./answer.ts";
import { CLOSE } from "../protocol/close-codes.ts";
import type { ErrorCode } from "../protocol/error-code.ts";

/** The status and message of each code, over HTTP or in an `error` frame (SPEC A5, W11, W12). */
const ERRORS = {
  bad_request: [400, "The request's body or query is invalid."],
  bad_message: [400, "This frame breaks the protocol."],
  not_present: [400, "A connection that only watches a room cannot do this."],
  too_many_watched: [400, "These are too many users to watch."],
  room_too_large: [400, "In a room of this size nobody can signal."],
  hidden: [400, "A member who appears offline cannot signal."],
  room_invalid: [400, "This is not a valid room name."],
  unauthenticated: [401, "Sign in first: the request carries no credential."],
  session_invalid: [401, "The credential is not valid."],
  session_expired: [401, "The session has expired."],
  session_revoked: [401, "The session has been revoked."],
  origin_forbidden: [403, "This origin is not allowed."],
  room_forbidden: [403, "The session may not enter this room."],
  too_large: [413, "The request's body is too large."],
  not_found: [404, "There is nothing here."],
  upgrade_required: [426, "A WebSocket handshake needs a Sec-WebSocket-Key and version 13."],
  too_many_connections: [429, "The user has too many connections in this room."],
  too_many_rooms: [429, "The user is in too many rooms."],
  rate_limited: [429, "Too many requests."],
  internal: [500, "The service had an internal error."],
  misconfigured: [500, "The service is misconfigured; see its log."],
  room_full: [503, "The room is full."],
  room_unavailable: [503, "The room did not answer; try again."],
  rooms_unavailable: [503, "The list of rooms did not answer; try again."],
  user_unavailable: [503, "The user's data is not available right now; try again."],
  session_unavailable: [503, "The session cannot be checked right now; try again."],
} as const satisfies Record<ErrorCode, readonly [ContentfulStatusCode, string]>;

export type { ErrorCode };

/** All codes. */
export const ERROR_CODES = Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]];

/** The HTTP status of a code. */
export function statusOf(code: ErrorCode): number {
  return ERRORS[code][0];
}

/** The `Retry-After` in seconds, for codes that pass by themselves. */
const RETRY_AFTER_SECONDS: Partial<Record<ErrorCode, number>> = {
  too_many_connections: 30,
  too_many_rooms: 30,
  rate_limited: 30,
  room_full: 30,
  room_unavailable: 1,
  rooms_unavailable: 1,
  user_unavailable: 1,
  session_unavailable: 5,
};

/**
 * After a refusal that passes by itself a client retries later, after a fault of the service at
 * once.
 */
const CLOSE_CODES: Partial<Record<ErrorCode, number>> = {
  bad_message: CLOSE.badMessage,
  room_forbidden: CLOSE.forbidden,
  too_many_connections: CLOSE.rateLimited,
  too_many_rooms: CLOSE.rateLimited,
  rate_limited: CLOSE.rateLimited,
  room_full: CLOSE.rateLimited,
  internal: CLOSE.fault,
  room_unavailable: CLOSE.fault,
  session_unavailable: CLOSE.fault,
};

/** The close code of a socket that an error code ends. */
export function closeCodeOf(code: ErrorCode): number {
  return CLOSE_CODES[code] ?? CLOSE.session;
}

/** The message of a code, for people. */
export function errorMessage(code: ErrorCode): string {
  return ERRORS[code][1];
}

/** What only the log says about a refusal. */
interface RefusalNotes {
  /** What was wrong with a session; never a value from it. */
  detail?: string;
  /** The origin that is not allowed. */
  origin?: string;
}

/**
 * A refusal with one of the stable codes; thrown in the Worker, answered by {@link errorResponse}.
 */
export class Refusal extends Error {
  readonly code: ErrorCode;
  /** The user it concerns, if known; for the log only. */
  readonly user: string | undefined;
  readonly #notes: RefusalNotes;

  constructor(code: ErrorCode, user?: string, notes: RefusalNotes = {}) {
    super(errorMessage(code));
    this.name = "Refusal";
    this.code = code;
    this.user = user;
    this.#notes = notes;
  }

  /** The fields of its log line, beside the room and the request. */
  get logged(): { code: ErrorCode; user: string | undefined } & RefusalNotes {
    return { code: this.code, user: this.user, ...this.#notes };
  }
}

/**
 * Answers a refusal as JSON: `{ error: { code, message, requestId } }` (SPEC A5).
 *
 * @example
 * errorResponse("room_full", "7d3c…"); // 503, with Retry-After: 30
 */
export function errorResponse(code: ErrorCode, requestId: string): Response {
  const [status, message] = ERRORS[code];
  const headers: Record<string, string> = {
    ...answerHeaders(requestId),
    "Cache-Control": "no-store",
  };
  const retryAfter = RETRY_AFTER_SECONDS[code];
  if (retryAfter !== undefined) headers["Retry-After"] = String(retryAfter);
  if (code === "upgrade_required") headers["Sec-WebSocket-Version"] = "13";
  if (status === 401) headers["WWW-Authenticate"] = "Bearer";
  return Response.json({ error: { code, message, requestId } }, { status, headers });
}
