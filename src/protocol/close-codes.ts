/** What a client does after the room closed its socket, or the network did (SPEC, "Close codes"). */
export type AfterClose =
  | { then: "stay-away" }
  | { then: "ask-for-credential" }
  | { then: "reconnect"; atLeastMs: number; backoff: boolean };

/** Each code the room closes a socket with. */
export const CLOSE = {
  left: 1000,
  fault: 1011,
  badMessage: 4400,
  session: 4401,
  forbidden: 4403,
  stale: 4408,
  rateLimited: 4429,
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
    case CLOSE.left:
    case CLOSE.badMessage:
    case CLOSE.forbidden:
      return { then: "stay-away" };
    case CLOSE.session:
      return { then: "ask-for-credential" };
    case CLOSE.stale:
      return reconnect(0, false);
    case CLOSE.rateLimited:
      return reconnect(30_000, true);
    default:
      return reconnect(0, true);
  }
}
