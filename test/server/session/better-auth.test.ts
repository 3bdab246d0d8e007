import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { parseConfig } from "../../../src/server/config/parse.ts";
import type { Env } from "../../../src/server/env.ts";
import { readCredential } from "../../../src/server/session/credential.ts";
import { sessionCookies } from "../../../src/server/session/index.ts";
import { checkSession } from "../../worker-kit/check-session.ts";
import { HOST } from "../../worker-kit/http.ts";
import fixture from "./fixtures/better-auth.json" with { type: "json" };

const NOW = Date.parse(fixture.now);
const MINUTE_MS = 60_000;
const APP = "https://app.example.com/api/auth/get-session?disableRefresh=true";

beforeEach(() => {
  vi.spyOn(console, "log").mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
});

const ASKS = { SESSION_INTROSPECTION_URL: APP };
const cookieOf = (title: string) => fixture.vectors.find((one) => one.title === title)!.cookie;
const only = (cookie: string, part: string) =>
  cookie
    .split("; ")
    .filter((pair) => pair.includes(part))
    .join("; ");

/** The user's id or the refusal's code, and the requests to the app. */
async function enter(cookie: string, more: Partial<Env> = {}, now = NOW) {
  const asked: (string | null)[] = [];
  vi.spyOn(globalThis, "fetch").mockImplementation(async (url, init) => {
    expect(url).toBe(APP);
    asked.push(new Headers(init?.headers).get("Cookie"));
    const expiresAt = new Date(now + MINUTE_MS).toISOString();
    return Response.json({ session: { id: "s2", expiresAt }, user: { id: "from the app" } });
  });
  const env = { SESSION_FORMAT: "better-auth", SESSION_SECRET: fixture.secret, ...more };
  const { session, faults } = parseConfig(env as Env);
  expect(faults).toEqual([]);
  const request = new Request(HOST, { headers: { Cookie: cookie } });
  const result = await checkSession(
    readCredential(request, sessionCookies(session)),
    session,
    now,
  ).then(
    ({ user }) => user.id,
    ({ code }) => code,
  );
  return { result, asked };
}

describe.each(["compact", "jwt", "jwe"])("a cookie cache (%s)", (strategy) => {
  const cookie = cookieOf(strategy);
  const token = only(cookie, "session_token");

  it("[A2.26] is believed without asking, as long as it says", async () => {
    for (const at of [0, 4 * MINUTE_MS]) {
      const { result, asked } = await enter(cookie, ASKS, NOW + at);
      expect(result).toHaveLength(32);
      expect(asked).toEqual([]);
    }
  });

  it("[A2.27] that has expired has the app asked about the token alone", async () => {
    for (const at of [6 * MINUTE_MS, 60 * MINUTE_MS]) {
      expect(await enter(cookie, ASKS, NOW + at)).toEqual({
        result: "from the app",
        asked: [token],
      });
    }
    expect((await enter(cookie, {}, NOW + 6 * MINUTE_MS)).result).toBe("session_expired");
  });

  it("[A2.27] that the browser dropped has the app asked", async () => {
    expect(await enter(token, ASKS)).toEqual({ result: "from the app", asked: [token] });
    expect((await enter(token)).result).toBe("session_expired");
  });

  it("[A2.27] of another login than its token is not believed", async () => {
    const mixed = `${only(cookie, "session_data")}; ${only(cookieOf("compact in chunks"), "session_token")}`;
    expect((await enter(mixed)).result).toBe("session_invalid");
    const { result, asked } = await enter(mixed, ASKS);
    expect(result).toBe("from the app");
    expect(asked).toEqual([only(mixed, "session_token")]);
  });

  it("[A2.26] nobody is asked about a token with a forged signature", async () => {
    const forged = token.replace(/.{12}%3D$/, "AAAAAAAAAAAA%3D");
    expect(await enter(forged, ASKS)).toEqual({ result: "session_invalid", asked: [] });
    const mixed = `${only(cookie, "session_data")}; better-auth.session_token=a.b`;
    expect(await enter(mixed, ASKS)).toEqual({ result: "session_invalid", asked: [] });
  });

  it("[A2.26] goes by other names where SESSION_COOKIE names both", async () => {
    const renamed = cookie.replaceAll("better-auth.", "my.");
    const both = { SESSION_COOKIE: "my.session_data,my.session_token" };
    expect((await enter(renamed, both)).result).toHaveLength(32);
    expect((await enter(renamed)).result).toBe("unauthenticated");
  });
});
