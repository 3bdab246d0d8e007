import { describe, expect, it } from "vitest";
import fc from "fast-check";
import { parseConfig } from "../../../src/server/config/parse.ts";
import type { Env } from "../../../src/server/env.ts";
import { readPhpSerialized } from "../../../src/server/session/php-serialized.ts";
import { readCredential } from "../../../src/server/session/credential.ts";
import { sessionCookies, verifyCredential } from "../../../src/server/session/index.ts";
import { sealSession } from "../../../src/server/session/seal.ts";
import { checkSession } from "../../worker-kit/check-session.ts";
import { HOST } from "../../worker-kit/http.ts";
import laravel from "./fixtures/laravel.json" with { type: "json" };

const NOW = Date.parse(laravel.now);
const encode = (text: string) => new TextEncoder().encode(text);
const bearerOf = (title: string) => laravel.vectors.find((one) => one.title === title)!.bearer;

async function check(token: string, vars: Partial<Env> = {}) {
  const env = { SESSION_FORMAT: "laravel", SESSION_SECRET: laravel.secret, ...vars };
  const { session: config, faults } = parseConfig(env as Env);
  expect(faults).toEqual([]);
  const context = { now: NOW, allowsOrigin: () => false };
  const candidate = await verifyCredential({ kind: "bearer", token }, config, context);
  return sealSession(candidate, { now: NOW, sessionMs: config.sessionMs });
}

describe("a session of Laravel", () => {
  it("[A2.32, A2.6] is refused with any one character of either cookie changed", async () => {
    const good = bearerOf("a user");
    expect((await check(good)).user).toEqual({ id: "7" });
    await expect(check(`${good}.x`)).rejects.toMatchObject({ code: "session_invalid" });
    for (let at = 0; at < good.length; at++) {
      const changed = good.slice(0, at) + (good[at] === "A" ? "B" : "A") + good.slice(at + 1);
      await expect(check(changed), String(at)).rejects.toMatchObject({ code: "session_invalid" });
    }
  });

  it("[A1.4, A2.32] has the first of its data that verifies, where the second cookie comes twice", async () => {
    const { cookie } = laravel.vectors.find(({ title }) => title === "a user")!;
    const [first = "", second = ""] = cookie.split("; ");
    const env = { SESSION_FORMAT: "laravel", SESSION_SECRET: laravel.secret } as Env;
    const { session: config } = parseConfig(env);
    const read = (cookies: string[]) => {
      const request = new Request(HOST, { headers: { Cookie: cookies.join("; ") } });
      return checkSession(readCredential(request, sessionCookies(config)), config, NOW);
    };
    const stale = `${second.slice(0, second.indexOf("="))}=stale`;
    expect((await read([first, stale, second])).user.id).toBe("7");
    expect((await read([stale, second, first, stale])).user.id).toBe("7");
    for (const cookies of [[first], [first, stale], [first, stale, stale, stale, stale, second]]) {
      await expect(read(cookies)).rejects.toMatchObject({ code: "session_invalid" });
    }
  });

  it("[A2.32] is read while APP_KEY is replaced, and with a key that is no base64", async () => {
    const other = `base64:${btoa("x".repeat(32))}`;
    const both = { SESSION_SECRET: `${other}, ${laravel.secret}` };
    expect((await check(bearerOf("a user"), both)).user.id).toBe("7");
    const plain = { SESSION_SECRET: atob(laravel.secret.slice("base64:".length)) };
    const asList = { SESSION_SECRET: JSON.stringify([plain.SESSION_SECRET]) };
    expect((await check(bearerOf("a user"), asList)).user.id).toBe("7");
  });

  it("[A2.16] takes what SESSION_CLAIMS names in its data", async () => {
    const claims = {
      SESSION_CLAIMS: '{"id":"user.name","picture":"user.image","session":"_token"}',
    };
    const { user, id } = await check(bearerOf("with a name"), claims);
    expect(user).toMatchObject({ id: "Ada Łovelace", image: "/ada.png" });
    expect(id).toMatch(/^\w{40}$/);
  });

  it("[O2] needs a key of 32 bytes", () => {
    for (const secret of [
      "base64:AAAA".padEnd(40, "A"),
      "x".repeat(33),
      `base64:${"-".repeat(40)}`,
    ]) {
      const { faults } = parseConfig({ SESSION_FORMAT: "laravel", SESSION_SECRET: secret } as Env);
      expect(faults, secret).toEqual([expect.stringMatching(/^SESSION_SECRET: must be the app's/)]);
    }
  });
});

describe("what PHP serialized", () => {
  it.each([
    ["N;", null],
    ["b:1;", true],
    ["i:-7;", -7],
    ["d:0.1;", 0.1],
    ["d:NAN;", null],
    ['s:4:"Łó";', "Łó"],
    ["a:0:{}", []],
    ['a:2:{i:0;s:1:"a";i:1;s:1:"b";}', ["a", "b"]],
    ['a:1:{i:1;s:1:"a";}', { 1: "a" }],
    ['a:1:{s:9:"__proto__";i:1;}', Object.fromEntries([["__proto__", 1]])],
    ['a:2:{s:1:"o";O:3:"Foo":1:{s:1:"a";R:1;}s:1:"b";i:2;}', { o: null, b: 2 }],
    ['a:2:{s:1:"o";C:3:"Foo":4:{";}}}s:1:"b";i:2;}', { o: null, b: 2 }],
    ['a:1:{s:1:"e";E:11:"Suit:Hearts";}', { e: null }],
  ])("[A2.32] is read as JSON would show it: %s", (text, value) => {
    expect(readPhpSerialized(encode(text))).toEqual(value);
  });

  it.each([
    "",
    "i:1",
    "i:1;i:2;",
    's:9:"a";',
    's:1:"ab";',
    "a:2:{i:0;i:1;}",
    "a:1:{N;i:1;}",
    "x:1;",
  ])("[A2.32] is refused where it is malformed: %s", (text) => {
    expect(readPhpSerialized(encode(text))).toBeUndefined();
  });

  it("[A2.32] has no bytes that throw, and no depth that ends the stack", () => {
    const deep = `${"a:1:{i:0;".repeat(5_000)}N;${"}".repeat(5_000)}`;
    expect(readPhpSerialized(encode(deep))).toBeUndefined();
    const parts = fc.constantFrom(
      "a:",
      "s:",
      "O:",
      "C:",
      "1",
      "2",
      ":",
      '"',
      "{",
      "}",
      ";",
      "N",
      "é",
    );
    fc.assert(
      fc.property(fc.array(parts), (texts) => {
        readPhpSerialized(encode(texts.join("")));
      }),
    );
  });
});
