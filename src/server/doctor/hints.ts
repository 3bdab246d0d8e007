/** Hints by the `detail` of a refusal; the first match counts. */
const HINTS: readonly [detail: RegExp, hint: string][] = [
  [/^(signature|not decrypted)/, "This cookie was made with another secret than SESSION_SECRET."],
  [/^kid unknown/, "No key at SESSION_JWKS_URL made this token."],
  [/^iss$|"iss"/, "SESSION_ISSUER is not exactly the token's `iss`."],
  [/^aud$|"aud"/, "SESSION_AUDIENCE is not in the token's `aud`."],
  [/^azp$/, "The token was made for a page of another origin: see ALLOWED_ORIGINS."],
  [/^alg /, "Set SESSION_SECRET for HS256, HS384 and HS512, SESSION_JWKS_URL for the others."],
  [/: missing$/, "The session has no such claim: name the right one in SESSION_CLAIMS."],
  [
    /^not signed in: the app answered 3/,
    "The app redirects: is SESSION_INTROSPECTION_URL the right one?",
  ],
  [/^not signed in/, "Nobody is signed in, or SESSION_CLAIMS must name the user's claim."],
  [/^the cookie cache has/, "Set SESSION_INTROSPECTION_URL to your app's /api/auth/get-session."],
  [
    /another session's$|^made for/,
    "Send the whole Cookie header: --cookie 'name=value; other=value'.",
  ],
  [
    /^the cookie with the session's data/,
    "Send the whole Cookie header; if SESSION_DRIVER is not cookie, set SESSION_FORMAT=introspection.",
  ],
  [
    /^not (a|JSON|an)/,
    "The cookie has another format than SESSION_FORMAT, or a part of it is missing.",
  ],
];

/** A hint for the detail of a refusal; `undefined` if there is none. */
export function hintFor(detail: string): string | undefined {
  return HINTS.find(([pattern]) => pattern.test(detail))?.[1];
}
