/** What a client does after the room closed its socket, or the network did (SPEC, "Close codes"). */
export type AfterClose =
  | { then: "stay-away" }
  | { then: "ask-for-credential" }
  | { then: "reconnect"; atLeastMs: number; backoff: boolean };

export const LEFT = 1000;
const FAULT = 1011;
const BAD_MESSAGE = 4400;
const SESSION = 4401;
const FORBIDDEN = 4403;
export const STALE = 4408;
const RATE_LIMITED = 4429;

/** Each code the room closes a socket with. */
export const CLOSE = {
  left: LEFT,
  fault: FAULT,
  badMessage: BAD_MESSAGE,
  session: SESSION,
  forbidden: FORBIDDEN,
  stale: STALE,
  rateLimited: RATE_LIMITED,
} as const;

function reconnect(atLeastMs: number, backoff: boolean): AfterClose {
  return { then: "reconnect", atLeastMs, backoff };
}

/**
 * Tells what a client does after a close, by its code alone.
 *
 * @example
 * afterClose(4408); // { then: "reconnect", atLeastMs: 0, backoff: false }
 */
export function afterClose(code: number): AfterClose {
  switch (code) {
    case LEFT:
    case BAD_MESSAGE:
    case FORBIDDEN:
      return { then: "stay-away" };
    case SESSION:
      return { then: "ask-for-credential" };
    case STALE:
      return reconnect(0, false);
    case RATE_LIMITED:
      return reconnect(30_000, true);
    default:
      return reconnect(0, true);
  }
}
