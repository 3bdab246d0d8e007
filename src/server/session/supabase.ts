import { base64url } from "jose";
import * as v from "valibot";
import type { SessionConfig } from "../config/config.ts";
import { isTrustedUrl } from "../config/trusted-url.ts";
import { candidateFromClaims, JWT_SOURCE, recordOf, type Candidate } from "./candidate.ts";
import { DETAIL, invalidClaim, invalidSession } from "./details.ts";
import type { SessionFormat } from "./format.ts";
import { createTokenCheck } from "./signed-token.ts";

const PREFIX = "base64-";

const cookieSchema = v.object({ access_token: v.string() });

/** Users write their `user_metadata` themselves; `app_metadata` is the app's alone. */
const SOURCE = {
  ...JWT_SOURCE,
  claims: {
    ...JWT_SOURCE.claims,
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
    return async (token, context) => {
      return candidateOf(await check(context.cookie ? accessTokenOf(token) : token, context));
    };
  },
};

function candidateOf(claims: Record<string, unknown>): Candidate {
  const user = recordOf(claims["user_metadata"]);
  const { app_metadata } = claims;
  // Rooms that cannot be read must not pass for none, which would admit everywhere.
  if (typeof (app_metadata ?? {}) !== "object" || Array.isArray(app_metadata)) {
    throw invalidClaim("app_metadata", "not an object");
  }
  const app = recordOf(app_metadata);
  return candidateFromClaims(
    {
      ...claims,
      sid: claims["session_id"],
      name: user["full_name"] || user["name"],
      picture: user["avatar_url"] || user["picture"],
      roles: app["roles"],
      rooms: app["rooms"],
    },
    SOURCE,
  );
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
