import { describe, expect, it, vi } from "vitest";
import { parseConfig, type Env } from "../../../src/server/config/config.ts";
import { findCookie } from "../../../src/server/session/cookie.ts";
import { readCredential } from "../../../src/server/session/credential.ts";
import { sessionCookies } from "../../../src/server/session/index.ts";
import { checkSession } from "../../worker-kit/check-session.ts";
import { askConfigured, HOST, refusal } from "../../worker-kit/http.ts";
import authjs from "./fixtures/authjs.json" with { type: "json" };

const config = { SESSION_FORMAT: "authjs", SESSION_SECRET: authjs.secret };
const chunked = authjs.vectors.find(({ title }) => title === "v5 in chunks")!;

describe("finding the cookie", () => {
  it("[A1] takes the first of the names that is there, and of a name sent twice the first", () => {
    const find = (header: string) => findCookie(header, ["__Secure-s", "s"])?.value;
    expect(find("s=1; __Secure-s=2")).toBe("2");
    expect(find("s=1; s=2; s.0=3")).toBe("1");
    expect(find("xs=1; s2=2; s")).toBeUndefined();
    expect(find("")).toBeUndefined();
  });

  it("[A1] joins chunks in numeric order up to the first gap, each decoded, the first of each", () => {
    const header = Array.from({ length: 12 }, (_, n) => `s.${11 - n}=${11 - n}%2F`).join("; ");
    expect(findCookie(`${header}; s.3=x; s.13=y; s.01=z`, ["s"])).toMatchObject({
      name: "s",
      value: "0/1/2/3/4/5/6/7/8/9/10/11/",
      chunks: 12,
    });
    expect(findCookie("s.1=a; s.2=b", ["s"])).toBeUndefined();
    expect(findCookie("s.0=a; s.1=%2F;s.9=c", ["s"])?.header).toBe("s.0=a; s.1=%2F");
  });

  it("[A1] each format knows its framework's names, and SESSION_COOKIE replaces them", () => {
    const nameFor = (format: string, cookie: string, more: Partial<Env> = {}) => {
      const { session } = parseConfig({ SESSION_FORMAT: format, ...more } as Env);
      return findCookie(`${cookie}=x`, sessionCookies(session))?.name;
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
  it("[A2, A5] is refused where it is bound to its cookie's name", async () => {
    const { cookie } = authjs.vectors.find(({ title }) => title === "v5 over http")!;
    expect(await check(cookie)).toBe("ada");
    expect(await check(`__Secure-${cookie}`)).toBe("session_invalid");
  });
});

describe("a session in chunks", () => {
  const pairs = chunked.cookie.split("; ");

  it("[A1, A2] is read in whatever order they come", async () => {
    expect(pairs.length).toBeGreaterThan(1);
    expect(await check(pairs.toReversed().join("; "))).toBe("ada");
  });

  it("[A2, A5] is refused where one is missing, altered, or of another session", async () => {
    const other = pairs[1]!.replace(/=(.{50})./, "=$1_");
    expect(await check(pairs[0]!)).toBe("session_invalid");
    expect(await check(pairs[1]!)).toBe("unauthenticated");
    expect(await check([pairs[0], other].join("; "))).toBe("session_invalid");
    expect(await check([...pairs, "__Secure-authjs.session-token.2=x"].join("; "))).toBe(
      "session_invalid",
    );
  });

  it("[A2, A5] is bounded in number and size, before anything is decrypted", async () => {
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
