export const LEFT = 1000;
const FAULT = 1011;
const MOVED = 1012;
export const BAD_MESSAGE = 4400;
export const SESSION = 4401;
export const FORBIDDEN = 4403;
export const STALE = 4408;
export const RATE_LIMITED = 4429;

/** The codes that the room closes a socket with; SPEC "Close codes" says how a client reacts. */
export const CLOSE = {
  left: LEFT,
  fault: FAULT,
  moved: MOVED,
  badMessage: BAD_MESSAGE,
  session: SESSION,
  forbidden: FORBIDDEN,
  stale: STALE,
  rateLimited: RATE_LIMITED,
} as const;
