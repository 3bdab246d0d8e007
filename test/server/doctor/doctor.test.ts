import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { diagnose } from "../../../src/server/doctor/diagnose.ts";
import { guessFormat } from "../../../src/server/doctor/guess-format.ts";
import { readDevVars, readJsonVars, readTomlVars } from "../../../src/server/doctor/read-vars.ts";
import { hintFor } from "../../../src/server/doctor/hints.ts";
import { DETAIL } from "../../../src/server/session/details.ts";
import authjs from "../session/fixtures/authjs.json" with { type: "json" };
import betterAuth from "../session/fixtures/better-auth.json" with { type: "json" };
import dbauth from "../session/fixtures/dbauth.json" with { type: "json" };
import django from "../session/fixtures/django.json" with { type: "json" };
import ironSession from "../session/fixtures/iron-session.json" with { type: "json" };
import laravel from "../session/fixtures/laravel.json" with { type: "json" };
import rails from "../session/fixtures/rails-7.2.json" with { type: "json" };
import signedCookie from "../session/fixtures/signed-cookie.json" with { type: "json" };
import supabase from "../session/fixtures/supabase.json" with { type: "json" };

interface Fixture {
  now: string;
  secret: string;
  issuer?: string;
  vectors: { title: string; cookie: string; session?: { user: { id: string } } }[];
}

const FIXTURES: Record<string, Fixture> = {
  authjs,
  "better-auth": betterAuth,
  dbauth,
  django,
  "iron-session": ironSession,
  laravel,
  rails,
  "signed-cookie": signedCookie,
  supabase,
};

beforeEach(() => {
  vi.spyOn(console, "log").mockImplementation(() => {});
  vi.spyOn(globalThis, "fetch").mockImplementation(async () =>
    Response.json({ keys: [supabase.jwk] }),
  );
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe.each(Object.entries(FIXTURES))("the doctor and %s", (format, fixture) => {
  const vars = {
    SESSION_FORMAT: format,
    SESSION_SECRET: fixture.secret,
    ...(fixture.issuer && { SESSION_ISSUER: fixture.issuer }),
  };
  const now = Date.parse(fixture.now);

  it.each(fixture.vectors)(
    "[A2] tells what it is, and whose or why not: $title",
    async (vector) => {
      const { isGood, lines } = await diagnose({ cookie: vector.cookie, vars, now });
      const text = lines.join("\n");
      const expected = vector.session;
      expect(isGood, text).toBe(expected !== undefined);
      if (!vector.title.endsWith("no JSON")) {
        expect(lines[0]).toMatch(new RegExp(`SESSION_FORMAT=${format}\\.$`));
      }
      if (expected) expect(text).toContain(`Accepted: the user is ${expected.user.id}`);
      else expect(text).toMatch(/Refused: session_\w+ \([^)]+\)/);
      const values = vector.cookie.split("; ").map((pair) => pair.slice(pair.indexOf("=") + 1));
      for (const hidden of [fixture.secret, ...values]) expect(text).not.toContain(hidden);
    },
  );
});

describe("the doctor", () => {
  const { cookie } = authjs.vectors.find(({ title }) => title === "v5 over http")!;
  const now = Date.parse(authjs.now);
  const vars = { SESSION_FORMAT: "authjs", SESSION_SECRET: authjs.secret };

  it("[A2] takes a value alone as well, under whichever of its names it was made", async () => {
    const value = cookie.slice(cookie.indexOf("=") + 1);
    expect((await diagnose({ cookie: value, vars, now })).isGood).toBe(true);
    const { lines } = await diagnose({
      cookie: value,
      vars: { SESSION_SECRET: "x".repeat(32) },
      now,
    });
    expect(lines[1]).toBe("SESSION_FORMAT=jwt is set, which is another format.");
  });

  it("[A2, O2] names what is wrong with the configuration, and no cookie of another name", async () => {
    const { lines } = await diagnose({ cookie, vars: { SESSION_FORMAT: "authjs" }, now });
    expect(lines.join()).toContain("SESSION_SECRET: is missing");
    const other = await diagnose({ cookie: "a=b; c=d", vars, now });
    expect(other.lines.join()).toContain("there is no cookie named __Secure-authjs.session-token,");
  });

  it("[A2] knows keys that only the app can look up by their names", () => {
    for (const [name, value, what] of [
      ["connect.sid", "s:abc.def", "express-session"],
      ["sessionid", "x".repeat(32), "Django"],
      ["PHPSESSID", "x".repeat(26), "PHP"],
      ["laravel_session", "x".repeat(32), "Laravel"],
      ["sid", "x".repeat(32), "only your app"],
    ] as const) {
      expect(guessFormat(name, value)).toEqual({
        format: "introspection",
        what: expect.stringContaining(what),
      });
    }
  });

  it("[A2.17] knows a bearer token of two cookies", async () => {
    const { bearer } = laravel.vectors.find(({ title }) => title === "a user")!;
    const named = { SESSION_FORMAT: "laravel", SESSION_SECRET: laravel.secret };
    const good = { cookie: bearer, vars: named, now: Date.parse(laravel.now) };
    const { isGood, lines } = await diagnose(good);
    expect(isGood).toBe(true);
    expect(lines[0]).toContain("SESSION_FORMAT=laravel.");
  });

  it("[A2] has a hint where there is something to look at", () => {
    for (const detail of [
      DETAIL.signature,
      DETAIL.notSignedIn,
      DETAIL.noSuchKey,
      DETAIL.noData,
      DETAIL.notEncrypted,
      "iss",
      "aud",
    ]) {
      expect(hintFor(detail), detail).toBeDefined();
    }
    expect(hintFor("exp")).toBeUndefined();
  });
});

describe("the variables that the doctor reads", () => {
  it("[O2] are those of .dev.vars, with and without quotes", () => {
    const text = `# a comment\nA=1\n B = "two words" # why\nC='#3'\nexport D=4 # four\nE="a\\"b"\nnone\nF=\n`;
    expect(readDevVars(text)).toEqual({ A: "1", B: "two words", C: "#3", D: "4", E: 'a"b', F: "" });
  });

  it("[O2] are those of the top level of wrangler's configuration", () => {
    const toml =
      'name = "x"\n[vars]\nA = "1"\n# B = "2"\nC = 3\n\n[[kv]]\nbinding = "D"\n[env.e.vars]\nA = "4"';
    expect(readTomlVars(toml)).toEqual({ A: "1", C: "3" });
    expect(readTomlVars('name = "x"')).toEqual({});
    const json =
      '{ // a "comment"\n "vars": { "A": "http://x/*y*/", "B": { "c": 1 }, /* no */ }, }';
    expect(readJsonVars(json)).toEqual({ A: "http://x/*y*/", B: '{"c":1}' });
    expect(readJsonVars("{}")).toEqual({});
  });
});
