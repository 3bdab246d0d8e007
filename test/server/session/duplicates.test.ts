import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createApp } from "../../../src/server/app.ts";
import { parseConfig } from "../../../src/server/config/parse.ts";
import type { Env } from "../../../src/server/env.ts";
import { readCredential } from "../../../src/server/session/credential.ts";
import { sessionCookies } from "../../../src/server/session/index.ts";
import { checkSession } from "../../worker-kit/check-session.ts";
import { askConfigured, HOST, refusal, requestTo } from "../../worker-kit/http.ts";
import { signIn } from "../../worker-kit/sign-in.ts";
import { alter, type Subject } from "./attacks/attack.ts";
import { makeSubjects } from "./attacks/index.ts";

const subjects = await makeSubjects();

beforeEach(() => {
  vi.spyOn(console, "log").mockImplementation(() => {});
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** The user's id, or the refusal's code. */
async function check(subject: Subject, cookie: string, now = subject.now): Promise<string> {
  vi.spyOn(globalThis, "fetch").mockImplementation((input, init) => subject.fetch(input, init));
  const { session } = parseConfig({ ...subject.env } as Env);
  const request = new Request(HOST, { headers: { Cookie: cookie } });
  const credential = readCredential(request, sessionCookies(session));
  return checkSession(credential, session, now).then(
    ({ user }) => user.id,
    ({ code }) => code,
  );
}

// The app sees all of them, and decides by its own rule.
const tried = subjects.filter(({ name }) => name !== "introspection");

describe.each(tried)("a cookie of $name that comes more than once", (subject) => {
  const good = `${subject.cookie}=${subject.token.cookie}`;
  // Without what comes along with it, which the good one brings.
  const [value = ""] = subject.token.cookie.split("; ");
  const bad = `${subject.cookie}=${alter(value)}${alter(value)}`;
  const empty = `${subject.cookie}=`;

  it("[A1.4] is the first that verifies, wherever it stands", async () => {
    const user = await check(subject, good);
    expect(user).not.toContain("session_");
    for (const cookies of [
      [bad, good],
      [good, bad],
      [bad, bad, bad, good],
      [empty, bad, empty, empty, empty, bad, bad, good],
    ]) {
      expect(await check(subject, cookies.join("; "))).toBe(user);
    }
  });

  it("[A1.4, A1.5] is tried four times at most, and refused as the first is", async () => {
    expect(await check(subject, [bad, bad, bad, bad, good].join("; "))).toBe("session_invalid");
    expect(await check(subject, [empty, empty].join("; "))).toBe("unauthenticated");
  });
});

describe("a JWT that comes more than once", () => {
  const config = { SESSION_SECRET: env.SESSION_SECRET!, SESSION_FORMAT: "jwt" };
  const past = { exp: Math.floor(Date.now() / 1000) - 600 };
  const read = (tokens: string[], more: Partial<Env> = {}) =>
    askConfigured({ ...config, ...more }, "/rooms/twice", {
      Cookie: tokens.map((token) => `session=${token}`).join("; "),
    });

  it("[A1.4] is good after one that has expired, that is forged, or that is nobody's", async () => {
    const good = await signIn("ada");
    for (const bad of [
      await signIn("ada", past),
      await signIn("eve", {}, "x".repeat(32)),
      await signIn("eve", { sub: undefined }),
    ]) {
      expect((await read([bad, good])).status).toBe(200);
    }
  });

  it("[A1.5] is refused as the first is, and as one that could not be checked where there is one", async () => {
    const [expired, forged] = [await signIn("ada", past), await signIn("ada", {}, "x".repeat(32))];
    expect(await refusal(await read([expired, forged]))).toEqual([401, "session_expired"]);
    expect(await refusal(await read([forged, expired]))).toEqual([401, "session_invalid"]);
    vi.spyOn(globalThis, "fetch").mockRejectedValue(new TypeError("down"));
    const down = { SESSION_JWKS_URL: "https://keys.example.com/down" };
    const header = btoa(JSON.stringify({ alg: "ES256" })).replaceAll("=", "");
    expect(await refusal(await read([forged, `${header}.e30.AA`], down))).toEqual([
      503,
      "session_unavailable",
    ]);
  });

  it("[A1.5, A7.3] counts once, however many are tried", async () => {
    const keys: string[] = [];
    const limit = async ({ key }: { key: string }) => {
      keys.push(key);
      return { success: true };
    };
    const answer = await read(["a", "b", "c", "d"], { CONNECTS: { limit } as RateLimit });
    expect(answer.status).toBe(401);
    expect(keys).toHaveLength(1);
    keys.length = 0;
    const good = await read(["a", await signIn("ada")], { CONNECTS: { limit } as RateLimit });
    expect(good.status).toBe(200);
    expect(keys).toEqual([]);
  });

  it("[A1.4, A4.2] is tried by the app's own check, too", async () => {
    const asked: string[] = [];
    const app = createApp({
      verify(token) {
        asked.push(token);
        return token === "good" ? { user: { id: "ada" }, roles: [], expiresAt: 4e12 } : null;
      },
    });
    const request = requestTo("/rooms/twice", {
      headers: { Cookie: "session=bad; session=good; session=late" },
    });
    expect((await app.request(request, {}, { ...env })).status).toBe(200);
    expect(asked).toEqual(["bad", "good"]);
  });
});

describe("chunks that come more than once", () => {
  const subject = subjects.find(({ name }) => name === "authjs v5")!;
  const [name, { cookie: token }] = [subject.cookie, subject.token];
  const [head, tail] = [token.slice(0, 100), token.slice(100)];

  it("[A1.3] are the first of each number", async () => {
    const chunks = [`${name}.0=${head}`, `${name}.1=${tail}`];
    const user = await check(subject, chunks.join("; "));
    expect(user).toBe("ada");
    const stale = [`${name}.0=${alter(head)}`, `${name}.1=${alter(tail)}`];
    expect(await check(subject, [...chunks, ...stale].join("; "))).toBe(user);
    expect(await check(subject, [`${name}.0=`, `${name}=`, ...chunks].join("; "))).toBe(user);
    expect(await check(subject, [...stale, ...chunks].join("; "))).toBe("session_invalid");
  });

  it("[A2.18] beside a whole cookie are refused for Auth.js", async () => {
    for (const cookies of [
      [`${name}=${token}`, `${name}.0=${head}`],
      [`${name}.3=${head}`, `${name}=${token}`],
    ]) {
      expect(await check(subject, cookies.join("; "))).toBe("session_invalid");
    }
  });
});
