import { base64url } from "jose";
import * as v from "valibot";
import type { SessionConfig } from "../config/config.ts";
import { isTrustedUrl } from "../config/trusted-url.ts";
import {
  candidateFromClaims,
  JWT_SOURCE,
  withClaims,
  type Candidate,
  type Source,
} from "./candidate.ts";
import { findClaim } from "./claims.ts";
import { DETAIL, invalidSession } from "./details.ts";
import type { SessionFormat } from "./format.ts";
import { createTokenCheck } from "./signed-token.ts";

const PREFIX = "base64-";

const cookieSchema = v.object({ access_token: v.string() });

/** Users can write their `user_metadata`; only the app can write `app_metadata`. */
const SOURCE = {
  ...JWT_SOURCE,
  claims: {
    ...JWT_SOURCE.claims,
    name: "user_metadata.full_name",
    picture: "user_metadata.avatar_url",
    id: "session_id",
    roles: "app_metadata.roles",
    rooms: "app_metadata.rooms",
  },
  allowsPaths: false,
};

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
    const source = withClaims(SOURCE, config.claims);
    return async (token, context) => {
      const claims = await check(context.cookie ? accessTokenOf(token) : token, context);
      return candidateOf(claims, source);
    };
  },
};

/** Identity providers use one of two names for each of name and picture. */
function candidateOf(claims: Record<string, unknown>, source: Source): Candidate {
  const candidate = candidateFromClaims(claims, source);
  const { name, picture } = source.claims;
  const user = {
    id: candidate.user.id,
    name: findClaim(claims, [name, "user_metadata.name"]).value,
    image: findClaim(claims, [picture, "user_metadata.picture"]).value,
  };
  return { ...candidate, user };
}

function accessTokenOf(cookie: string): string {
  try {
    const json = cookie.startsWith(PREFIX)
      ? new TextDecoder().decode(base64url.decode(cookie.slice(PREFIX.length)))
      : cookie;
    return v.parse(cookieSchema, JSON.parse(json)).access_token;
  } catch {
    throw invalidSession(DETAIL.notSignedIn);
  }
}
