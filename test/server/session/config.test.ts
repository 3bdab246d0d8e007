import { describe, expect, it } from "vitest";
import { parseConfig } from "../../../src/server/config/parse.ts";
import type { Env } from "../../../src/server/env.ts";

const SECRET = "s".repeat(32);
const INTROSPECTED = { SESSION_INTROSPECTION_URL: "https://app.example.com/session" };
const faultsOf = (env: object) => parseConfig(env as Env).faults;

describe("what each format needs", () => {
  it.each([
    ["jwt", "SESSION_SECRET", { SESSION_SECRET: SECRET }],
    ["jwt", "SESSION_JWKS_URL", { SESSION_JWKS_URL: "https://id.example.com/jwks" }],
    ["authjs", "SESSION_SECRET", { SESSION_SECRET: SECRET }],
    ["supabase", "SESSION_ISSUER", { SESSION_ISSUER: "https://abc.supabase.co/auth/v1" }],
    ["rails", "SESSION_SECRET", { SESSION_SECRET: SECRET }],
    ["dbauth", "SESSION_SECRET", { SESSION_SECRET: SECRET }],
    ["better-auth", "SESSION_SECRET", { SESSION_SECRET: SECRET }],
    ["iron-session", "SESSION_SECRET", { SESSION_SECRET: SECRET }],
    ["signed-cookie", "SESSION_SECRET", { SESSION_SECRET: SECRET }],
    ["django", "SESSION_SECRET", { SESSION_SECRET: SECRET }],
    ["laravel", "SESSION_SECRET", { SESSION_SECRET: SECRET }],
    [
      "introspection",
      "SESSION_INTROSPECTION_URL",
      { SESSION_INTROSPECTION_URL: "http://localhost:3000/session" },
    ],
    ["kv", "SESSIONS", { SESSIONS: { get: async () => null } }],
  ])("[O2.1] %s: %s, and its absence is named", (format, key, env) => {
    expect(faultsOf({ SESSION_FORMAT: format, ...env })).toEqual([]);
    const faults = faultsOf({ SESSION_FORMAT: format });
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(key);
    expect(faults[0]).toContain(`SESSION_FORMAT=${format} needs it`);
  });

  it.each([
    ["authjs", { SESSION_SECRET: "" }, "SESSION_SECRET: is missing"],
    ["authjs", { SESSION_SECRET: " , " }, "SESSION_SECRET: is missing"],
    ["authjs", { SESSION_SECRET: "[]" }, "SESSION_SECRET: is missing"],
    [
      "rails",
      { SESSION_SECRET: "short" },
      "SESSION_SECRET: each secret must have at least 32 bytes",
    ],
    ["dbauth", { SESSION_SECRET: `ü${SECRET}` }, "SESSION_SECRET: the first 32 characters must be"],
    ["supabase", { SESSION_ISSUER: "abc" }, "SESSION_ISSUER: must be an https URL"],
    ["introspection", { SESSION_INTROSPECTION_URL: "http://a.example.com" }, "SESSION_INTROSPEC"],
    ["introspection", { SESSION_INTROSPECTION_URL: "http://localhost.evil.com" }, "SESSION_INTR"],
    [
      "introspection",
      { ...INTROSPECTED, SESSION_INTROSPECTION_HEADERS: '{"Cookie":"a=b"}' },
      "SESSION_INTROSPECTION_HEADERS: must be a JSON object of headers",
    ],
    [
      "introspection",
      { ...INTROSPECTED, SESSION_INTROSPECTION_HEADERS: '{"Re ferer":"x"}' },
      "SESSION_INTROSPECTION_HEADERS: must be",
    ],
    [
      "introspection",
      { ...INTROSPECTED, SESSION_INTROSPECTION_HEADERS: "Referer: x" },
      "SESSION_IN",
    ],
    ["introspection", { ...INTROSPECTED, SESSION_COOKIE: "a,b c" }, "SESSION_COOKIE: must be a"],
    [
      "introspection",
      { ...INTROSPECTED, SESSION_COOKIE: Array(21).fill("a").join(",") },
      "SESSION_COOKIE: must be a cookie's name, or up to 20 separated by commas",
    ],
    [
      "better-auth",
      { SESSION_SECRET: SECRET, SESSION_COOKIE: "my.session_data" },
      "SESSION_COOKIE: must name two cookies",
    ],
    ["kv", { SESSIONS: "hello" }, "SESSIONS: must be the binding of a KV namespace"],
    ["jwt", { SESSION_SECRET: SECRET, SESSION_SECONDS: "0" }, "SESSION_SECONDS: must be a whole"],
  ])("[O2.1] %s with %o is one fault, named once", (format, env, fault) => {
    const faults = faultsOf({ SESSION_FORMAT: format, ...env });
    expect(faults).toEqual([expect.stringContaining(fault)]);
  });

  it("[O2.1] an unknown format is the one thing that is blamed", () => {
    expect(faultsOf({ SESSION_FORMAT: "magic" })).toEqual([
      "SESSION_FORMAT: must be one of: jwt, authjs, supabase, rails, dbauth, better-auth, iron-session, signed-cookie, django, laravel, introspection, kv",
    ]);
  });
});

describe("secrets", () => {
  const secretsOf = (text: string) => parseConfig({ SESSION_SECRET: text } as Env).session.secrets;

  it("[A2.7] are separated by commas, or a JSON list where one of them has a comma", () => {
    const [a, b, comma] = ["a".repeat(32), "b".repeat(32), `${"c".repeat(16)},${"d".repeat(16)}`];
    expect(secretsOf(`${a}, ${b}`)).toEqual([a, b]);
    expect(secretsOf(JSON.stringify([comma, a]))).toEqual([comma, a]);
    expect(faultsOf({ SESSION_SECRET: comma })).toEqual([
      "SESSION_SECRET: each secret must have at least 32 bytes",
    ]);
    for (const text of ["[oops", '["a", 7]', `[${a}]`]) {
      expect(faultsOf({ SESSION_SECRET: text })).toEqual([
        "SESSION_SECRET: must be secrets separated by commas, or a JSON list of them",
      ]);
    }
  });
});
