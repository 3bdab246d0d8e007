/** How long the client waits, in milliseconds. */

/** The first span of a random wait before a reconnect (SPEC K7), which doubles up to the most. */
export const BACKOFF_MS = 1_000;
export const MOST_BACKOFF_MS = 30_000;

/** The least to wait after 4429, and the most for a word about why an attempt was refused. */
export const PATIENCE_MS = 30_000;

/** The longest that a `Retry-After` is followed: a proxy's may name any time. */
export const MOST_RETRY_MS = 300_000;

/** A connection that lasted so long worked: the next attempt is a first one again. */
export const LASTED_MS = 5_000;

/** From the start of a socket until the room says something; a tunnel or a hotel's network takes long. */
export const FIRST_WORD_MS = 10_000;

/** An attempt that has heard nothing for so long is rather begun anew than waited for. */
export const HANGS_AFTER_MS = 1_000;

/** From each of two `ping`s until anything is heard. */
export const PONG_MS = 4_000;

/** For an answer over HTTP. */
export const REQUEST_MS = 10_000;

/** Between polls: a fifth of the lease within these. */
export const LEAST_POLL_MS = 2_000;
export const MOST_POLL_MS = 10_000;

/** Between frames: at most 17 in 5 s, since the room takes 20 (SPEC W12), and there are others to send. */
export const FRAME_MS = 300;

/** Who is watched within this time is told to the room in one frame. */
export const GATHER_MS = 50;

/** Before the room is told again whom to watch, where it could not ask who may be watched. */
export const WATCH_AGAIN_MS = 5_000;

/** With no input for so long a person counts as away, unless the app says otherwise. */
export const IDLE_AFTER_MS = 300_000;

/** How long an app's hook may take; a person may have to sign in meanwhile. */
export const HOOK_MS = 30_000;

/** Longer than the clocks' tolerance, in which a session that has ended is let in once more (SPEC A2). */
export const ASK_AGAIN_MS = 10_000;

/** Between attempts to renew a session: half of what is left of it within these. */
export const LEAST_RENEWAL_MS = 1_000;
export const MOST_RENEWAL_MS = 30_000;
