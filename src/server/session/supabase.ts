import { base64url } from "jose";
import * as v from "valibot";
import type { SessionConfig } from "../config.ts";
import { Refusal } from "../errors.ts";
import { isTrustedUrl } from "../trusted-url.ts";
import type { SessionFormat } from "./format.ts";
import { sessionFromClaims } from "./session.ts";
import { createTokenCheck } from "./signed-token.ts";

const PREFIX = "base64-";

const cookieSchema = v.object({ access_token: v.string() });

const text = v.nullish(v.string());
const claimsSchema = v.looseObject({
  session_id: text,
  user_metadata: v.nullish(
    v.object({ full_name: text, name: text, avatar_url: text, picture: text }),
  ),
  app_metadata: v.nullish(
    v.object({ roles: v.optional(v.unknown()), rooms: v.optional(v.unknown()) }),
  ),
});

/** `https://<ref>.supabase.co/auth/v1` keeps its session in `sb-<ref>-auth-token`. */
function cookieOf({ issuer }: SessionConfig): string[] {
  if (issuer === undefined) return [];
  return [`sb-${new URL(issuer).hostname.split(".")[0]}-auth-token`];
}

/**
 * The access token of Supabase Auth, in the cookie of `@supabase/ssr` or by itself (SPEC A2); see
 * `supabase.md`.
 *
 * @example
 * const verify = supabase.createVerifier(config.session);
 * const session = await verify(accessToken, { now: Date.now(), allowsOrigin: () => false });
 */
export const supabase: SessionFormat = {
  cookies: cookieOf,
  needs: [["SESSION_ISSUER"]],
  faults({ issuer }) {
    if (issuer === undefined || isTrustedUrl(issuer)) return [];
    return ["SESSION_ISSUER: must be an https URL (http for localhost only)"];
  },
  createVerifier(config) {
    const { issuer = "", jwksUrl, audience = "authenticated" } = config;
    const check = createTokenCheck({
      secrets: config.secrets,
      jwksUrl: jwksUrl ?? `${issuer.replace(/\/$/, "")}/.well-known/jwks.json`,
      issuer,
      audience,
    });
    return async (token, { now, cookie }) => {
      const claims = await check(cookie ? accessTokenOf(token) : token, now);
      const known = v.safeParse(claimsSchema, claims);
      if (!known.success) throw new Refusal("session_invalid");
      const { session_id, user_metadata: user, app_metadata: app } = known.output;
      return sessionFromClaims({
        ...claims,
        sid: session_id,
        name: user?.full_name || user?.name,
        picture: user?.avatar_url || user?.picture,
        // Users write their user_metadata themselves; app_metadata is the app's alone.
        roles: app?.roles,
        rooms: app?.rooms,
      });
    };
  },
};

function accessTokenOf(cookie: string): string {
  try {
    const json = cookie.startsWith(PREFIX)
      ? new TextDecoder().decode(base64url.decode(cookie.slice(PREFIX.length)))
      : cookie;
    return v.parse(cookieSchema, JSON.parse(json)).access_token;
  } catch {
    throw new Refusal("session_invalid");
  }
}
