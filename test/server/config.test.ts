import { describe, expect, it } from "vitest";
import spec from "../../src/protocol/SPEC.md?raw";
import { readKeys, type Values } from "../../src/server/config/keys.ts";
import { readSettings } from "../settings-table.ts";

const documented = readSettings(spec);
const defaults = readKeys({}).values;

/** Accepted values of a key and their results, and refused values and why. */
interface Case {
  id: string;
  good: [given: unknown, value: unknown][];
  bad: unknown[];
  fault: string;
}

const SECRET = "s".repeat(32);
const WEBHOOK_SECRET = `whsec_${btoa("x".repeat(32))}`;

const wholeNumber = (id: string, least: number, most: number): Case => ({
  id,
  good: [
    [String(least), least],
    [most, most],
  ],
  bad: [String(least - 1), most + 1, "1.5", "many", "", true],
  fault: `must be a whole number from ${least} to ${most}`,
});

const yesOrNo = (id: string): Case => ({
  id,
  good: [
    ["true", "true"],
    [false, "false"],
  ],
  bad: ["yes", "TRUE", ""],
  fault: "must be true or false",
});

const secrets = (id: string): Case => ({
  id,
  good: [
    [`${SECRET}, ${SECRET}2`, [SECRET, `${SECRET}2`]],
    [JSON.stringify([`${SECRET},`]), [`${SECRET},`]],
    ["", []],
  ],
  bad: ["short", `${SECRET},short`],
  fault: "each secret must have at least 32 bytes",
});

const trustedUrl = (id: string): Case => ({
  id,
  good: [
    ["https://id.example.com/keys", "https://id.example.com/keys"],
    ["http://localhost:3000/", "http://localhost:3000/"],
  ],
  bad: ["http://id.example.com/", "keys", ""],
  fault: "must be an https URL (http for localhost only)",
});

const nonEmpty = (id: string): Case => ({
  id,
  good: [["https://id.example.com", "https://id.example.com"]],
  bad: [""],
  fault: "must not be empty",
});

const binding = (id: string, method: string, what: string): Case => {
  const bound = { [method]: () => {} };
  return {
    id,
    good: [[bound, bound]],
    bad: ["a text", {}, null],
    fault: `must be the binding of ${what}`,
  };
};

const roomPatterns = (id: string): Case => ({
  id,
  good: [
    ["lobby, docs:*,*", ["lobby", "docs:*", "*"]],
    ["", []],
  ],
  bad: ["a b", "docs:**", "*:docs", "-docs", "x".repeat(129)],
  fault: "must be names of rooms, separated by commas; a name may end in *",
});

const CASES: Record<keyof Values, Case> = {
  SESSION_FORMAT: {
    id: "C1",
    good: [["supabase", "supabase"]],
    bad: ["magic", ""],
    fault:
      "must be one of: jwt, authjs, supabase, rails, dbauth, better-auth, iron-session, signed-cookie, django, laravel, introspection, kv",
  },
  SESSION_COOKIE: {
    id: "C2",
    good: [
      ["sid, __Host-sid", ["sid", "__Host-sid"]],
      ["", []],
    ],
    bad: ["a b", Array(21).fill("a").join(",")],
    fault: "must be a cookie's name, or up to 20 separated by commas",
  },
  SESSION_SECRET: secrets("C3"),
  SESSION_JWKS_URL: trustedUrl("C4"),
  SESSION_ISSUER: nonEmpty("C5"),
  SESSION_AUDIENCE: nonEmpty("C6"),
  SESSION_CLAIMS: {
    id: "C7",
    good: [
      ['{"id":"user_id"}', { id: "user_id" }],
      ["", {}],
    ],
    bad: ["user_id", "[]", '{"id":7}', '{"id":""}', '{"user":"user_id"}'],
    fault:
      'must be a JSON object like {"id":"user_id"}, of strings, with no keys but id, name, picture, roles, rooms, session',
  },
  SESSION_INTROSPECTION_URL: trustedUrl("C8"),
  SESSION_INTROSPECTION_HEADERS: {
    id: "C9",
    good: [['{"Referer":"https://app.example.com"}', { Referer: "https://app.example.com" }]],
    bad: ["Referer: x", '{"Cookie":"a=b"}', '{"host":"a"}', '{"Re ferer":"x"}', '{"A":1}'],
    fault:
      'must be a JSON object of headers, like {"Referer":"https://app.example.com"}, without Cookie',
  },
  SESSIONS: binding("C10", "get", "a KV namespace"),
  SESSION_SECONDS: wholeNumber("C11", 1, 31_536_000),
  ALLOWED_ORIGINS: {
    id: "C12",
    good: [
      ["https://a.example, http://localhost:5173", ["https://a.example", "http://localhost:5173"]],
    ],
    bad: ["https://a.example/", "*", "a.example", "https://a.example https://b.example"],
    fault: "must be origins like https://app.example.com, separated by commas",
  },
  MAX_CONNECTIONS_PER_USER: wholeNumber("C13", 1, 1_000),
  MAX_CONNECTIONS_PER_ROOM: wholeNumber("C14", 1, 32_000),
  MAX_ROOMS_PER_USER: wholeNumber("C15", 1, 1_000),
  MAX_REMEMBERED: wholeNumber("C16", 0, 32_000),
  STALE_SECONDS: wholeNumber("C17", 3, 86_400),
  GRACE_SECONDS: wholeNumber("C18", 0, 86_400),
  RETENTION_SECONDS: wholeNumber("C19", 0, 31_536_000),
  TICKET_SECRET: secrets("C20"),
  TICKET_SECONDS: wholeNumber("C21", 1, 3_600),
  IN_BAND_AUTH: yesOrNo("C22"),
  RENEW: {
    id: "C23",
    good: [["server", "server"]],
    bad: ["both", ""],
    fault: "must be client or server",
  },
  SERVER_KEY: {
    id: "C24",
    good: [[`${SECRET}, ${SECRET}2`, [SECRET, `${SECRET}2`]]],
    bad: ["short", `${SECRET},short`, `${SECRET} x`, "é".repeat(32)],
    fault: "each key must have at least 32 characters of visible ASCII",
  },
  DIRECTORY: binding("C25", "getByName", "the Directory class"),
  WEBHOOK_URL: {
    id: "C26",
    good: [["https://app.example.com/hooks", "https://app.example.com/hooks"]],
    bad: ["hooks", "ftp://app.example.com/", "https://user:password@app.example.com/"],
    fault: "must be an https URL",
  },
  WEBHOOK_SECRET: {
    id: "C27",
    good: [[`${WEBHOOK_SECRET}, ${WEBHOOK_SECRET}`, [WEBHOOK_SECRET, WEBHOOK_SECRET]]],
    bad: ["whsec_", "whsec_c2hvcnQ=", WEBHOOK_SECRET.slice(6)],
    fault: "each secret must be whsec_ followed by 24 to 64 bytes in base64",
  },
  WEBHOOK_ALLOW_PRIVATE: yesOrNo("C28"),
  JURISDICTION: {
    id: "C29",
    good: [
      ["eu", "eu"],
      ["fedramp", "fedramp"],
    ],
    bad: ["moon", "EU"],
    fault: "must be eu, fedramp or empty",
  },
  METRICS: binding("C30", "writeDataPoint", "an Analytics Engine dataset"),
  PUBLIC_COUNTS: roomPatterns("C31"),
  LARGE_ROOMS: {
    id: "C34",
    good: [
      [
        "lobby=8, docs:*=64,*=2",
        [
          { pattern: "lobby", shards: 8 },
          { pattern: "docs:*", shards: 64 },
          { pattern: "*", shards: 2 },
        ],
      ],
      ["", []],
    ],
    bad: [
      "lobby",
      "lobby=1",
      "lobby=65",
      "lobby=8=8",
      "lobby=-8",
      "=8",
      "a b=8",
      "lobby=0x8",
      "lobby=8.5",
    ],
    fault:
      "must be entries like lobby=8, separated by commas: a name, which may end in *, and 2 to 64 shards",
  },
  HUBS: binding("C35", "getByName", "the Hub class"),
  WINDOW_ROOMS: roomPatterns("C32"),
  SIGNALS: yesOrNo("C33"),
};

/** What the table calls "not set": nothing, or an empty text, list or object. */
const isUnset = (value: unknown) =>
  value === undefined || value === "" || (typeof value === "object" && !Object.keys(value!).length);

const cases = Object.entries(CASES).map(([key, one]) => ({ key: key as keyof Values, ...one }));

describe("a configuration key", () => {
  it.each(cases)("[$id] $key has its documented default", ({ id, key }) => {
    expect(spec).toContain(`| **${id}** | \`${key}\``);
    expect(documented.get(key)).toEqual(isUnset(defaults[key]) ? undefined : defaults[key]);
  });

  it.each(cases)("[$id] $key takes good values", ({ key, good }) => {
    for (const [given, value] of good) {
      expect(readKeys({ [key]: given })).toEqual({
        values: { ...defaults, [key]: value },
        faults: [],
      });
    }
  });

  it.each(cases)("[$id] $key names what is wrong, and has its default then", (one) => {
    for (const given of one.bad) {
      const fault = `${one.key}: ${one.fault}`;
      expect(readKeys({ [one.key]: given }), String(given)).toEqual({
        values: defaults,
        faults: [fault],
      });
    }
  });
});

it.each(cases)("[O2.1] $key quotes no value of another type", ({ key }) => {
  for (const value of [20_117, { secret: 20_117 }, [20_117], null]) {
    // A number may be a good one.
    const { faults } = readKeys({ [key]: value });
    expect(faults.length).toBeLessThanOrEqual(1);
    for (const fault of faults) expect(fault).not.toMatch(/received|20117|Object|null/);
  }
});

it("every key of the code is in the SPEC's table, and no other", () => {
  expect([...documented.keys()].toSorted()).toEqual(Object.keys(defaults).toSorted());
});
