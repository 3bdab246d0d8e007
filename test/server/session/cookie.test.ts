import { describe, expect, it, vi } from "vitest";
import { parseConfig } from "../../../src/server/config/parse.ts";
import type { Env } from "../../../src/server/env.ts";
import { CookieHeader, type CookieName } from "../../../src/server/session/cookie.ts";
import { readCredential } from "../../../src/server/session/credential.ts";
import { sessionCookies } from "../../../src/server/session/index.ts";
import { checkSession } from "../../worker-kit/check-session.ts";
import { askConfigured, HOST, refusal } from "../../worker-kit/http.ts";
import authjs from "./fixtures/authjs.json" with { type: "json" };

const config = { SESSION_FORMAT: "authjs", SESSION_SECRET: authjs.secret };
const chunked = authjs.vectors.find(({ title }) => title === "v5 in chunks")!;

const find = (header: string, names: CookieName[]) => new CookieHeader(header).find(names);

describe("finding the cookie", () => {
  it("[A1.2, A1.4] takes the first of the names that is there, and each cookie of that name, at most four", () => {
    const values = (header: string) => find(header, ["__Secure-s", "s"]).map(({ value }) => value);
    expect(values("s=1; __Secure-s=2")).toEqual(["2"]);
    expect(values("s=1; s=2; s.0=3")).toEqual(["1", "2"]);
    expect(values("s=1; s=2; s=3; s=4; s=5")).toEqual(["1", "2", "3", "4"]);
    expect(values("xs=1; s2=2; s")).toEqual([]);
    expect(values("")).toEqual([]);
  });

  it("[A1.2] counts an empty value as absent, whole or chunk", () => {
    const values = (header: string) => find(header, ["__Secure-s", "s"]).map(({ value }) => value);
    expect(values("__Secure-s=; s=1")).toEqual(["1"]);
    expect(values('__Secure-s=""; s= ; s=1')).toEqual(["1"]);
    expect(values("s=; s=; s=; s=; s=1; s=2")).toEqual(["1", "2"]);
    expect(values("s=; s.0=a; s.1=; s.1=b; s.2=")).toEqual(["ab"]);
    expect(values("s.0=; s.1=b")).toEqual([]);
  });

  it("[A1.3] joins chunks in numeric order up to the first gap, each decoded, the first of each", () => {
    const header = Array.from({ length: 12 }, (_, n) => `s.${11 - n}=${11 - n}%2F`).join("; ");
    expect(find(`${header}; s.3=x; s.13=y; s.01=z`, ["s"])).toEqual([
      {
        name: "s",
        value: "0/1/2/3/4/5/6/7/8/9/10/11/",
        chunks: 12,
        isBesideChunks: false,
      },
    ]);
    expect(find("s.1=a; s.2=b", ["s"])).toEqual([]);
  });

  it("[A2.18] knows a whole cookie beside chunks", () => {
    const isBeside = (header: string) => find(header, ["s"])[0]!.isBesideChunks;
    expect(isBeside("s=1; s.2=x")).toBe(true);
    expect(isBeside("s=1; s.x=2; s.=3; sx.0=4; s.0=")).toBe(false);
  });

  it("[A2.22] picks cookies of some names with their chunks, as they stood in the header", () => {
    const cookies = new CookieHeader("x=0; s.1=%2F; b=; s=1;s=2;  b.sig=3; s.x=4; ss=5; s.0=6");
    expect(cookies.pick(["s", "b.sig"])).toBe("s.1=%2F; s=1; s=2; b.sig=3; s.0=6");
  });

  it("[A1.2] each format knows its framework's names, and SESSION_COOKIE replaces them", () => {
    const nameFor = (format: string, cookie: string, more: Partial<Env> = {}) => {
      const { session } = parseConfig({ SESSION_FORMAT: format, ...more } as Env);
      const { names } = sessionCookies(session);
      return find(`${cookie}=x`, [...names])[0]?.name;
    };
    const issuer = { SESSION_ISSUER: "https://abc.supabase.co/auth/v1" };
    for (const [format, name, more] of [
      ["jwt", "session"],
      ["authjs", "authjs.session-token"],
      ["authjs", "__Secure-authjs.session-token"],
      ["authjs", "next-auth.session-token"],
      ["authjs", "__Secure-next-auth.session-token"],
      ["supabase", "sb-abc-auth-token", issuer],
      ["rails", "_shop_session"],
      ["dbauth", "session"],
      ["dbauth", "session_8911"],
      ["better-auth", "better-auth.session_data"],
      ["better-auth", "__Secure-better-auth.session_token"],
      ["iron-session", "session"],
      ["iron-session", "wos-session"],
      ["signed-cookie", "__session"],
      ["signed-cookie", "session"],
      ["django", "sessionid"],
      ["laravel", "laravel_session"],
      ["laravel", "laravel-session"],
      ["introspection", "session"],
      ["kv", "session"],
    ] as [string, string, Partial<Env>?][]) {
      expect(nameFor(format, name, more), format).toBe(name);
      expect(nameFor(format, name, { ...more, SESSION_COOKIE: "mine" }), format).toBeUndefined();
      expect(nameFor(format, "mine", { ...more, SESSION_COOKIE: "mine" }), format).toBe("mine");
    }
  });
});

const now = Date.parse(authjs.now);
const { session } = parseConfig(config as Env);

/** The user's id, or the refusal's code. */
async function check(cookie: string): Promise<string> {
  const request = new Request(HOST, { headers: { Cookie: cookie } });
  const credential = readCredential(request, sessionCookies(session));
  const checked = checkSession(credential, session, now);
  return checked.then(
    ({ user }) => user.id,
    ({ code }) => code,
  );
}

describe("a session under another of its framework's names", () => {
  it("[A2.18] is refused where it is bound to its cookie's name", async () => {
    const { cookie } = authjs.vectors.find(({ title }) => title === "v5 over http")!;
    expect(await check(cookie)).toBe("ada");
    expect(await check(`__Secure-${cookie}`)).toBe("session_invalid");
  });
});

describe("a session in chunks", () => {
  const pairs = chunked.cookie.split("; ");

  it("[A1.3, A2.18] is read in whatever order they come", async () => {
    expect(pairs.length).toBeGreaterThan(1);
    expect(await check(pairs.toReversed().join("; "))).toBe("ada");
  });

  it("[A1.3, A2.18] is refused where one is missing, altered, or of another session", async () => {
    const other = pairs[1]!.replace(/=(.{50})./, "=$1_");
    expect(await check(pairs[0]!)).toBe("session_invalid");
    expect(await check(pairs[1]!)).toBe("unauthenticated");
    expect(await check([pairs[0], other].join("; "))).toBe("session_invalid");
    expect(await check([...pairs, "__Secure-authjs.session-token.2=x"].join("; "))).toBe(
      "session_invalid",
    );
  });

  it("[A2.14] is bounded in number and size, before anything is decrypted", async () => {
    vi.spyOn(console, "log").mockImplementation(() => {});
    const decrypt = vi.spyOn(crypto.subtle, "importKey");
    const name = "authjs.session-token";
    const chunks = (count: number, size: number) =>
      Array.from({ length: count }, (_, n) => `${name}.${n}=${"A".repeat(size)}`).join("; ");
    for (const cookie of [chunks(11, 10), chunks(10, 3300), `${name}=${"A".repeat(8001)}`]) {
      const answer = await askConfigured(config, "/rooms/chunks", { Cookie: cookie });
      expect(await refusal(answer)).toEqual([401, "session_invalid"]);
    }
    expect(decrypt).not.toHaveBeenCalled();
    vi.restoreAllMocks();
  });
});
