import { decodeProtectedHeader } from "jose";
import { decodeBase64, decodeBase64Url } from "../session/base64.ts";
import { recordOf } from "../session/claims.ts";
import { parseJson } from "../session/session-data.ts";

/** What a cookie seems to be: the value for `SESSION_FORMAT`, and a description. */
export interface Guess {
  format: string;
  what: string;
}

const SIGNATURE = /\.[\w+/]{43}=?$/;

/** Names that say more than the value, which is a key that only the app can look up. */
const OPAQUE: readonly [name: RegExp, what: string][] = [
  [/^connect\.sid$/, "a session of express-session"],
  [/^sessionid$/, "a key of Django's session store"],
  [/^PHPSESSID$/, "a session of PHP"],
  [/^JSESSIONID$/, "a session of Java"],
  [/laravel.session$/, "a session of Laravel"],
  [/^\.AspNetCore\./, "a session of ASP.NET"],
];

/**
 * Guesses the format of a session cookie from its shape; nothing is verified.
 *
 * @example
 * guessFormat("session", "Fe26.2*1*…~2").format; // "iron-session"
 */
export function guessFormat(name: string, value: string): Guess {
  if (name.endsWith("session_data") || name.endsWith("better-auth.session_token")) {
    return { format: "better-auth", what: "a session of Better Auth" };
  }
  if (/^Fe26\.2\*.*~2$/.test(value)) {
    return { format: "iron-session", what: "a seal of iron-session v8" };
  }
  if (value.startsWith("s:") || value.startsWith("s%3A")) {
    return { format: "introspection", what: "a session of express-session" };
  }
  if (/^\.?[\w-]+:\w{4,8}:[\w-]{43}$/.test(value)) {
    return { format: "django", what: "a session of Django's signed_cookies" };
  }
  if (/^[\w+/=%]+--[\w+/=%]+--[\w+/=%]+$/.test(value)) {
    return { format: "rails", what: "an encrypted session of Rails" };
  }
  if (/^[\w+/]+=*\|[\w+/]{22}==$/.test(value)) {
    return { format: "dbauth", what: "a session of RedwoodJS's dbAuth" };
  }
  if (value.startsWith("base64-") || /^sb-.+-auth-token/.test(name)) {
    return { format: "supabase", what: "a session of Supabase" };
  }
  return guessToken(value) ?? guessSigned(value) ?? guessOpaque(name);
}

function guessToken(value: string): Guess | undefined {
  const parts = value.split(".");
  if (parts.length !== 3 && parts.length !== 5) return undefined;
  try {
    const { enc } = decodeProtectedHeader(value);
    if (enc === "A256GCM") return { format: "authjs", what: "a session of NextAuth.js v4" };
    if (enc !== undefined) return { format: "authjs", what: "a session of Auth.js v5" };
  } catch {
    return undefined;
  }
  const claims = recordOf(parseJson(decodeBase64Url(parts[1]!)));
  if (String(claims["iss"]).endsWith("/auth/v1")) {
    return { format: "supabase", what: "an access token of Supabase" };
  }
  return { format: "jwt", what: "a signed JWT" };
}

function guessSigned(value: string): Guess | undefined {
  if (SIGNATURE.test(value)) {
    return { format: "signed-cookie", what: "a signed cookie of React Router, Remix or Hono" };
  }
  // In a bearer token of two cookies, the second one follows a dot.
  const [first = ""] = value.split(".");
  const json = recordOf(parseJson(decodeBase64(first) ?? decodeBase64Url(first)));
  if ("iv" in json && "mac" in json) {
    return { format: "laravel", what: "an encrypted cookie of Laravel" };
  }
  if ("signature" in json && "expiresAt" in json) {
    return { format: "better-auth", what: "a cookie cache of Better Auth" };
  }
  if (Object.keys(json).length === 0) return undefined;
  return { format: "signed-cookie", what: "a session of cookie-session or koa-session" };
}

function guessOpaque(name: string): Guess {
  const [, what = "a key that only your app can look up"] =
    OPAQUE.find(([pattern]) => pattern.test(name)) ?? [];
  return { format: "introspection", what };
}
