/** Why a connection ended, as its log line tells (SPEC O3). */
export type LeaveReason =
  | "left"
  | "closed"
  | "stale"
  | "unread"
  | "expired"
  | "replaced"
  | "revoked"
  | "kicked"
  | "forbidden"
  | "internal"
  | "bad_message"
  | "rate_limited";
