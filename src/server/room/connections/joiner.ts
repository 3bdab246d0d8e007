import type { RoomSession } from "../room-request.ts";
import { JSON_SOURCE } from "../../session/candidate.ts";
import { sealSession, type SealOptions } from "../../session/seal.ts";

/** The Worker has judged whether it is over, by its own clock. */
const FROM_WORKER = { ...JSON_SOURCE, toleranceMs: 60_000 };

/**
 * Bounds a session that a Worker let in, once more: during a gradual deploy it may be one of an
 * older version, whose checks were others.
 *
 * @throws Refusal `session_invalid`, `session_expired`.
 */
export function sealJoiner(joiner: RoomSession, options: SealOptions): RoomSession {
  const session = sealSession({ ...joiner, source: FROM_WORKER }, options);
  return { ...session, ...(joiner.admission && { admission: joiner.admission }) };
}
