import type { SessionConfig } from "../../src/server/config/config.ts";
import { Refusal } from "../../src/server/errors.ts";
import type { RoomSession } from "../../src/server/session/room-session.ts";
import { tryEach, type Credential } from "../../src/server/session/credential.ts";
import { verifyCredential } from "../../src/server/session/index.ts";
import { sealSession } from "../../src/server/session/seal.ts";

/** Checks a credential like the Worker, by the test's own clock. */
export async function checkSession(
  credential: Credential | null,
  config: SessionConfig,
  now: number,
): Promise<RoomSession> {
  if (credential === null) throw new Refusal("unauthenticated");
  return tryEach(credential, async (one) => {
    const candidate = await verifyCredential(one, config, { now, allowsOrigin: () => false });
    return sealSession(candidate, { now, sessionMs: config.sessionMs });
  });
}
