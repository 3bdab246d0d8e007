/** How long the client waits, in milliseconds, and how often it tries. */

/**
 * The first span of a random wait before a reconnect (SPEC K7), which doubles up to the most. That is
 * also the shortest wait after 4429, and the longest for the reason of a refusal.
 */
export const BACKOFF_MS = 1_000;
export const MOST_BACKOFF_MS = 30_000;

/** The longest `Retry-After` that is followed: a proxy may send any time. */
export const MOST_RETRY_MS = 300_000;

/**
 * After this many consecutive attempts that fail although a read succeeds, WebSockets count as
 * blocked.
 */
export const BLOCKED_AFTER = 2;

/** A connection that lasted this long worked: the next attempt counts as the first again. */
export const LASTED_MS = 5_000;

/** After this time, a silent attempt is restarted instead of waited for. */
export const HANGS_AFTER_MS = 1_000;

/** From each of two `ping`s until any message. */
export const PONG_MS = 4_000;

/** For an HTTP answer, or the first message of a socket; slow networks take long. */
export const REQUEST_MS = 10_000;

/** How many polls fit into the lease's remaining time, within the limits below. */
export const POLLS_PER_LEASE = 5;
export const LEAST_POLL_MS = 2_000;
export const MOST_POLL_MS = 10_000;

/**
 * Between frames: at most 17 in 5 s, since the room takes 20 (SPEC W12), and there are other frames
 * to send.
 */
export const FRAME_MS = 300;

/** Ids watched within this time are sent to the room in one frame. */
export const GATHER_MS = 50;

/** Before something is sent again that the room dropped, or could not judge. */
export const AGAIN_MS = 5_000;

/** After this long without input a person counts as away, unless the app sets another time. */
export const IDLE_AFTER_MS = 300_000;

/** How long an app's hook may take; a person may have to sign in meanwhile. */
export const HOOK_MS = 30_000;

/** Longer than the clock tolerance, within which an ended session is still accepted (SPEC A2). */
export const ASK_AGAIN_MS = 10_000;

/** Between attempts to renew a session: half of its remaining time, within these limits. */
export const LEAST_RENEWAL_MS = 1_000;
export const MOST_RENEWAL_MS = 30_000;

/** How long an unmounted React provider keeps its place: a route change mounts another (SPEC K29). */
export const LINGER_MS = 2_000;
