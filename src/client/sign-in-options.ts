import type { RoomError } from "./types.ts";

/**
 * How an app helps its client to a credential, where the browser does not send a cookie that is
 * good. A hook that throws, or does not answer in 30 s, is called again at the next attempt.
 */
export interface SignInOptions {
  /**
   * Gives a token for the socket itself (SPEC T2), at each connect and before a session ends; and
   * for each poll, where no socket gets through: keep one for as long as it is good.
   */
  getToken?: () => string | Promise<string>;
  /** Gives a ticket for each connect (SPEC T1), and for each poll. */
  getTicket?: () => string | Promise<string>;
  /** Asked once where the room does not take the credential: `true` once a better one is there. */
  onUnauthorized?: (error: RoomError) => boolean | Promise<boolean>;
}
