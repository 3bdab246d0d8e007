import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { parseConfig } from "../../../src/server/config/parse.ts";
import type { Env } from "../../../src/server/env.ts";
import { readCredential } from "../../../src/server/session/credential.ts";
import { sessionCookies } from "../../../src/server/session/index.ts";
import { checkSession } from "../../worker-kit/check-session.ts";
import { HOST } from "../../worker-kit/http.ts";

const URL = "https://app.example.com/session?key=hush";
const START = Date.UTC(2026, 10, 22, 12);

let lines: string[] = [];
beforeEach(() => {
  lines = [];
  vi.spyOn(console, "log").mockImplementation((line: string) => lines.push(line));
});
afterEach(() => {
  vi.restoreAllMocks();
});

type Answer = (request: Request) => Response | Promise<Response>;

/** A service whose app gives these answers; `asked` has the requests that reached the app. */
function start(answer: Answer, more: Partial<Env> = {}) {
  const { session: config } = parseConfig({
    SESSION_FORMAT: "introspection",
    SESSION_COOKIE: "connect.sid",
    SESSION_INTROSPECTION_URL: URL,
    ...more,
  } as Env);
  const service = {
    answer,
    asked: [] as { request: Request; init: RequestInit }[],
    now: START,
    async enter(headers: Record<string, string>): Promise<unknown> {
      const request = new Request(HOST, { headers });
      try {
        const credential = readCredential(request, sessionCookies(config));
        return await checkSession(credential, config, service.now);
      } catch (error) {
        return (error as { code: string }).code;
      }
    },
    enterWith: (value: string) => service.enter({ Cookie: `connect.sid=${value}` }),
  };
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init = {}) => {
    const request = new Request(input as string, init as RequestInit);
    service.asked.push({ request, init: init as RequestInit });
    return service.answer(request);
  });
  return service;
}

const ada = () => Response.json({ user: { id: "ada" } });

describe("asking the app", () => {
  it("[A2.22] sends the session's cookie as it came, and nothing else of the caller's", async () => {
    const service = start(ada);
    await service.enter({
      Cookie: "theme=dark; connect.sid=s%3Aabc.d%2Be/f=; admin=1; connect.sid=late",
      Origin: "https://app.example.com",
      "X-Forwarded-For": "192.0.2.1",
      "User-Agent": "browser",
    });
    const [{ request, init }] = service.asked as [(typeof service.asked)[0]];
    expect([request.method, request.url]).toEqual(["GET", URL]);
    expect([...request.headers]).toEqual([
      ["accept", "application/json"],
      ["cookie", "connect.sid=s%3Aabc.d%2Be/f=; connect.sid=late"],
    ]);
    expect(init.redirect).toBe("manual");
  });

  it("[A2.22, A2.17] sends a cookie in chunks as it came, and a bearer token as that cookie", async () => {
    const service = start(ada);
    await service.enter({ Cookie: "connect.sid.1=b; x=y; connect.sid.0=a" });
    await service.enter({ Authorization: "Bearer s%3Aabc" });
    expect(service.asked.map(({ request }) => request.headers.get("Cookie"))).toEqual([
      "connect.sid.1=b; connect.sid.0=a",
      "connect.sid=s%3Aabc",
    ]);
  });

  it("[A2.22] sends several cookies, of which the first decides whether there is a credential", async () => {
    const service = start(ada, { SESSION_COOKIE: "koa.sess, koa.sess.sig" });
    expect(await service.enter({ Cookie: "koa.sess.sig=y; koa.sess=" })).toBe("unauthenticated");
    await service.enter({ Cookie: "koa.sess.sig=y; a=b; koa.sess=x; koa.sess.0=z" });
    await service.enter({ Authorization: "Bearer x" });
    expect(service.asked.map(({ request }) => request.headers.get("Cookie"))).toEqual([
      "koa.sess.sig=y; koa.sess=x; koa.sess.0=z",
      "koa.sess=x",
    ]);
  });

  it("[A2.22] sends the headers of SESSION_INTROSPECTION_HEADERS", async () => {
    const headers = { Referer: "https://app.example.com", "X-Presence": "1" };
    const service = start(ada, { SESSION_INTROSPECTION_HEADERS: JSON.stringify(headers) });
    await service.enterWith("a");
    expect([...service.asked[0]!.request.headers]).toEqual([
      ["accept", "application/json"],
      ["cookie", "connect.sid=a"],
      ["referer", "https://app.example.com"],
      ["x-presence", "1"],
    ]);
  });

  it("[A2.22] asks once about cookies that came twice, and no more than 32,000 characters of them", async () => {
    const service = start(() => new Response("", { status: 401 }));
    const twice = { Cookie: "connect.sid=a; connect.sid=b" };
    expect(await service.enter(twice)).toBe("session_invalid");
    expect(service.asked).toHaveLength(1);
    const many = Array.from({ length: 20 }, () => `connect.sid=${"x".repeat(1_700)}`).join("; ");
    expect(await service.enter({ Cookie: many })).toBe("session_invalid");
    expect(service.asked).toHaveLength(1);
  });

  it("[A2.17] a bearer token that could be more than a cookie's value is not sent", async () => {
    const service = start(ada);
    for (const token of ["", "a; admin=1", "a,b", 'a"b', "a b", "a\\b"]) {
      const headers = { Authorization: `Bearer ${token}` };
      expect(await service.enter(headers), token).toBe("session_invalid");
    }
    expect(service.asked).toEqual([]);
  });

  it("[A2.3, A2.23] reads the whole session, its times in ISO 8601, in seconds or in milliseconds", async () => {
    const session = {
      user: { id: "ada", name: "Ada", image: "/ada.png" },
      roles: ["staff"],
      rooms: ["lobby"],
      id: "s1",
    };
    const service = start(() =>
      Response.json({ ...session, expiresAt: "2026-11-22T13:00:00Z", issuedAt: START }),
    );
    const expected = { ...session, issuedAt: START, expiresAt: START + 3_600_000 };
    expect(await service.enterWith("iso")).toEqual(expected);
    service.answer = () =>
      Response.json({ ...session, expiresAt: START / 1000 + 3600, issuedAt: START / 1000 });
    expect(await service.enterWith("seconds")).toEqual(expected);
    service.answer = () => Response.json({ user: { id: 7, name: null, image: "" }, roles: null });
    expect(await service.enterWith("least")).toEqual({
      user: { id: "7" },
      roles: [],
      issuedAt: START,
      undated: true,
      expiresAt: START + 3_600_000,
    });
  });

  it("[A2.15] a session that carries no expiry gets SESSION_SECONDS from the check on", async () => {
    const service = start(ada, { SESSION_SECONDS: "60" });
    expect(await service.enterWith("a")).toMatchObject({ expiresAt: START + 60_000 });
  });
});

describe("what the app says", () => {
  it("[A2.23] every way to say that nobody is signed in keeps out", async () => {
    const bodies = [undefined, " ", "null", "{}", "false", '{"user":null,"session":null}'];
    const answers = [
      ...[401, 403, 419].map((status) => () => new Response("", { status })),
      () => new Response(null, { status: 204 }),
      ...([301, 302, 303, 307, 308] as const).map(
        (status) => () => Response.redirect("https://app.example.com/login", status),
      ),
      ...bodies.map((body) => () => new Response(body)),
    ];
    for (const [n, answer] of answers.entries()) {
      const service = start(answer);
      expect(await service.enterWith(`out${n}`), String(n)).toBe("session_invalid");
    }
    expect(lines).toEqual([]);
  });

  it("[A2.23] a session that has ended keeps out, and so does JSON of another shape", async () => {
    const service = start(() => Response.json({ user: { id: "ada" }, expiresAt: START - 1 }));
    expect(await service.enterWith("a")).toBe("session_expired");
    for (const body of [[], 7, "ada", true, { user: "ada" }, { session: { id: "s" } }]) {
      service.answer = () => Response.json(body);
      expect(await service.enterWith(JSON.stringify(body))).toBe("session_invalid");
    }
  });

  it("[A2.23] the answer of Better Auth's /get-session is understood as it is", async () => {
    const service = start(() =>
      Response.json({
        session: {
          expiresAt: "2026-11-29T12:00:00.000Z",
          token: "hush",
          createdAt: "2026-11-22T11:00:00.000Z",
          updatedAt: "2026-11-22T11:00:00.000Z",
          userId: "u1",
          id: "s1",
        },
        user: { name: "Ada", email: "ada@example.com", image: null, id: "u1" },
      }),
    );
    expect(await service.enterWith("a")).toEqual({
      user: { id: "u1", name: "Ada" },
      roles: [],
      id: "s1",
      issuedAt: START - 3_600_000,
      expiresAt: START + 7 * 86_400_000,
    });
  });

  it("[A2.16] SESSION_CLAIMS names where the answer has what", async () => {
    const claims = { id: "id", name: "profile.title", roles: "data.groups", session: "sid" };
    const service = start(
      () => Response.json({ id: 7, sid: 8, profile: { title: "Ada" }, data: { groups: ["a"] } }),
      { SESSION_CLAIMS: JSON.stringify(claims) },
    );
    expect(await service.enterWith("a")).toMatchObject({
      user: { id: "7", name: "Ada" },
      roles: ["a"],
      id: "8",
    });
  });

  it("[A2.23, O3.2] anything else is unavailable, and the log says why, without the credential", async () => {
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(10_000).fill(32)),
    });
    const answers: [string, Answer][] = [
      ["answered 500", () => new Response("", { status: 500 })],
      ["answered 404", () => new Response("", { status: 404 })],
      ["answered 429", () => new Response("", { status: 429 })],
      ["answered 400", () => new Response("", { status: 400 })],
      ["answered 304", () => new Response(null, { status: 304 })],
      ["not JSON", () => new Response("<html>")],
      ["more than 131072 bytes", () => new Response(endless)],
      ["no connection", () => Promise.reject(new TypeError(`fetch of ${URL} with s3cret`))],
    ];
    for (const [reason, answer] of answers) {
      const service = start(answer);
      expect(await service.enterWith("s3cret"), reason).toBe("session_unavailable");
      expect(JSON.parse(lines.at(-1)!)).toEqual({
        event: "failure",
        code: "session_unavailable",
        reason: expect.stringContaining(reason),
      });
    }
    expect(lines.join()).not.toMatch(/s3cret|hush/);
  });

  it("[A2.23] 3 s of silence are unavailable", async () => {
    const service = start((request) => {
      const { promise, reject } = Promise.withResolvers<Response>();
      request.signal.addEventListener("abort", () => reject(request.signal.reason));
      return promise;
    });
    const started = performance.now();
    expect(await service.enterWith("a")).toBe("session_unavailable");
    expect(performance.now() - started).toBeGreaterThan(2500);
    expect(lines.at(-1)).toContain("no answer in 3 s");
  });
});
