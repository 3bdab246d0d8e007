import supabase from "../fixtures/supabase.json" with { type: "json" };
import {
  alter,
  alterEach,
  invalid,
  same,
  MALFORMED,
  expired,
  forgedAndExpired,
  vectorOf,
  fromFixture,
  nowOf,
  type Subject,
} from "./attack.ts";

export function makeSupabaseSubject(): Subject {
  const now = nowOf(supabase);
  /** A cookie holds the token in JSON: both are attacked. */
  const inCookie = (change: (token: string) => string[]) => (good: string, way: string) => {
    if (way === "bearer") return change(good);
    const { token } = vectorOf(supabase, "base64url");
    return change(token.bearer).map(
      (value) => `base64-${btoa(JSON.stringify({ access_token: value })).replace(/=+$/, "")}`,
    );
  };
  return {
    name: "supabase",
    env: { SESSION_FORMAT: "supabase", SESSION_SECRET: "", SESSION_ISSUER: supabase.issuer },
    now,
    ...vectorOf(supabase, "base64url"),
    fetch: async () => Response.json({ keys: [supabase.jwk] }),
    attacks: [
      ...MALFORMED,
      { name: "altered", token: inCookie((token) => alterEach(token, ".")), code: invalid },
      { name: "altered as a whole", token: alter, code: invalid },
      {
        name: "another project's",
        token: same,
        env: {
          SESSION_ISSUER: "https://other.supabase.co/auth/v1",
          SESSION_COOKIE: "sb-abcdefghijklmnopqrst-auth-token",
        },
        code: invalid,
      },
      { ...fromFixture(supabase, "HS256 of an older project"), name: "signed with a secret" },
      fromFixture(supabase, "of another audience"),
      expired(now),
      { ...forgedAndExpired(now, "."), token: inCookie((token) => alterEach(token, ".")) },
      {
        name: "of the wrong shape",
        token: (_good, way) =>
          way === "bearer"
            ? ["base64-e30"]
            : ["base64-e30", "base64-bnVsbA", "%7B%22access_token%22%3A7%7D"],
        code: invalid,
      },
    ],
  };
}
