import type { JWTPayload } from "jose";
import { candidateFromClaims, JWT_SOURCE, withClaims } from "./candidate.ts";
import { DETAIL, invalidSession } from "./details.ts";
import type { CheckContext, SessionFormat, VerifyContext } from "./format.ts";
import { keySetWarnings, sharedKeyFaults } from "./key-set-audience.ts";
import { rememberGood } from "./remember.ts";
import { createTokenCheck } from "./signed-token.ts";

/**
 * A plain JWT, from the app or from an identity provider (SPEC A2); see `jwt.md`.
 *
 * @example
 * const verify = jwt.createVerifier(config.session);
 * const session = await verify(token, { now: Date.now(), allowsOrigin: () => false });
 */
export const jwt: SessionFormat = {
  cookies: () => ["session"],
  needs: [["SESSION_SECRET", "SESSION_JWKS_URL"]],
  faults: sharedKeyFaults,
  warnings: keySetWarnings,
  createVerifier(config) {
    const source = withClaims(JWT_SOURCE, config.claims);
    const check = createTokenCheck(config);
    const read = async (token: string, context: CheckContext) => {
      const claims = await check(token, context);
      return { claims, candidate: candidateFromClaims(claims, source) };
    };
    // The check ensured that the expiry exists and is a number.
    const readOnce = rememberGood(read, ({ claims }) => claims.exp! * 1000);
    return async (token, context) => {
      const { claims, candidate } = await readOnce(token, context);
      requireParty(claims, context);
      return candidate;
    };
  },
};

/**
 * In Clerk's tokens, `azp` is the origin of the page that the token was made for; a token made for
 * somebody else's page must be refused. Elsewhere `azp` is an OAuth client id, which is not a URL and
 * says nothing about origins: there the audience must be checked.
 */
function requireParty({ azp }: JWTPayload, context: VerifyContext): void {
  if (azp === undefined || azp === null || azp === "") return;
  if (typeof azp !== "string") throw invalidSession(DETAIL.authorizedParty);
  if (!/^https?:/i.test(azp)) return;
  if (!URL.canParse(azp) || !context.allowsOrigin(new URL(azp).origin)) {
    throw invalidSession(DETAIL.authorizedParty);
  }
}
