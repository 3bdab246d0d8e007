import type { JWTPayload } from "jose";
import { Refusal } from "../errors.ts";
import type { SessionFormat, VerifyContext } from "./format.ts";
import { rememberGood } from "./remember.ts";
import { sessionFromClaims } from "./session.ts";
import { createTokenCheck } from "./signed-token.ts";

/**
 * A plain JWT, of your own app or of an identity provider (SPEC A2); see `jwt.md`.
 *
 * @example
 * const verify = jwt.createVerifier(config.session);
 * const session = await verify(token, { now: Date.now(), allowsOrigin: () => false });
 */
export const jwt: SessionFormat = {
  cookies: () => ["session"],
  needs: [["SESSION_SECRET", "SESSION_JWKS_URL"]],
  createVerifier(config) {
    const check = createTokenCheck(config);
    const read = rememberGood(
      async (token, now) => {
        const claims = await check(token, now);
        return { claims, session: sessionFromClaims(claims) };
      },
      ({ session }) => session.expiresAt,
    );
    return async (token, context) => {
      const { claims, session } = await read(token, context.now);
      requireParty(claims, context);
      return session;
    };
  },
};

/**
 * Clerk names in `azp` the origin whose page the token was made for; one made for a page of
 * somebody else's must not do here. Elsewhere `azp` is the OAuth client's id, which is no URL and
 * says nothing of origins: the audience is what to check there.
 */
function requireParty({ azp }: JWTPayload, context: VerifyContext): void {
  if (azp === undefined || azp === null || azp === "") return;
  if (typeof azp !== "string") throw new Refusal("session_invalid");
  if (!/^https?:/i.test(azp)) return;
  if (!URL.canParse(azp) || !context.allowsOrigin(new URL(azp).origin)) {
    throw new Refusal("session_invalid");
  }
}
