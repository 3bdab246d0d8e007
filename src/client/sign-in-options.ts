import type { RoomError } from "./types.ts";

/**
 * How an app provides a credential if the browser does not send a valid cookie. A hook that throws,
 * or does not answer in 30 s, is called again at the next attempt.
 */
export interface SignInOptions {
  /**
   * Returns a token to send over the socket (SPEC T2), at each connect and before a session ends, and
   * for each poll if no socket gets through: cache a token while it is valid.
   */
  getToken?: () => string | Promise<string>;
  /** Returns a ticket for each connect (SPEC T1), and for each poll. */
  getTicket?: () => string | Promise<string>;
  /** Called once if the room refuses the credential: return `true` when there is a better one. */
  onUnauthorized?: (error: RoomError) => boolean | Promise<boolean>;
}
