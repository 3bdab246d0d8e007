/** A `signal` frame longer than this, without `to`, is refused (SPEC G1), in bytes. */
export const MAX_SIGNAL_BYTES = 1024;
/** In characters. */
export const MAX_SIGNAL_NAME = 64;
/** How many users a signal can be meant for. */
export const MAX_SIGNAL_RECEIVERS = 100;

/** What a member's page sent to the others in the room a moment ago (SPEC G1). */
export interface Signal {
  /** The user's id. */
  from: string;
  /** The id of the connection that sent it; a user may have several. */
  connection: string;
  name: string;
  /** `null` if it was sent without. */
  data: unknown;
}
