import type { SessionConfig } from "../config/config.ts";
import { DETAIL, invalidSession } from "./details.ts";
import type { SessionFormat } from "./format.ts";
import { createIntrospector } from "./introspector.ts";

const MAX_COOKIES_LENGTH = 32_000;

/** The characters of a cookie's value: a bearer token with others could smuggle in another cookie. */
const COOKIE_VALUE = /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]+$/;

/** The cookies to forward; the first decides whether there is a credential. */
function forwardedCookies({ cookies }: SessionConfig): readonly [string, ...string[]] {
  const [first = "session", ...others] = cookies;
  return [first, ...others];
}

/**
 * Any session: asks the app which user it belongs to (SPEC A2); see `introspection.md`.
 *
 * @example
 * const verify = introspection.createVerifier(config.session);
 * const session = await verify(token, { now: Date.now(), allowsOrigin: () => false });
 */
export const introspection: SessionFormat = {
  cookies: forwardedCookies,
  readsTogether: true,
  needs: [["SESSION_INTROSPECTION_URL"]],
  createVerifier(config) {
    const names = forwardedCookies(config);
    const introspect = createIntrospector(config);
    return async (token, { cookies, ...context }) => {
      if (!cookies && !COOKIE_VALUE.test(token)) throw invalidSession(DETAIL.notSignedIn);
      const forwarded = cookies?.pick(names) ?? `${names[0]}=${token}`;
      if (forwarded.length > MAX_COOKIES_LENGTH) throw invalidSession(DETAIL.credentialTooLong);
      return introspect(forwarded, context);
    };
  },
};
