import { env } from "cloudflare:workers";
import { listDurableObjectIds } from "cloudflare:test";
import { base64url, CompactSign, exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from "jose";
import type { JWTPayload } from "jose";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createApp } from "../../src/server/app.ts";
import { authorizeByRooms } from "../../src/server/access/authorize.ts";
import { parseConfig } from "../../src/server/config/parse.ts";
import type { Env } from "../../src/server/env.ts";
import { ask, askAs, askConfigured, HOST, readRoom, refusal } from "../worker-kit/http.ts";
import { join, tryJoin, welcomeOf } from "../worker-kit/peer.ts";
import { signIn } from "../worker-kit/sign-in.ts";
import { query } from "../worker-kit/time.ts";

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

let rooms = 0;
const newRoom = () => `access-${++rooms}`;
const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });
const cookie = (token: string) => ({ Cookie: `session=${token}` });
const later = () => Math.floor(Date.now() / 1000) + 600;

describe("which credential counts", () => {
  it("[A1.1] the ticket before the bearer token before the cookie, and none falls back to the next", async () => {
    const good = await signIn("ada");
    const path = `/rooms/${newRoom()}`;
    const cases: [string, Record<string, string>, number][] = [
      [path, cookie(good), 200],
      [path, bearer(good), 200],
      [path, { ...bearer(good), ...cookie("bad") }, 200],
      [path, { ...bearer("bad"), ...cookie(good) }, 401],
      [path, { Authorization: "Bearer", ...cookie(good) }, 401],
      [path, { Authorization: `Bearer\t${good}`, ...cookie("bad") }, 200],
      [path, { Authorization: `bearer \t ${good}`, ...cookie("bad") }, 200],
      [path, { Authorization: "Bearer\tbad", ...cookie(good) }, 401],
      [path, { Authorization: "Bearer,bad", ...cookie(good) }, 401],
      [path, { Authorization: "Bearer=bad", ...cookie(good) }, 401],
      [path, { Authorization: "Bearers bad", ...cookie(good) }, 200],
      [path, { Authorization: "Basic YTpi", ...cookie(good) }, 200],
      [`${path}?ticket=bad`, { ...bearer(good), ...cookie(good) }, 401],
      [`${path}?ticket=`, cookie(good), 401],
    ];
    for (const [url, headers, status] of cases) {
      expect((await ask(url, { headers })).status, JSON.stringify([url, headers])).toBe(status);
    }
  });

  it("[A1.2, A1.4] of a cookie sent twice, the first that verifies counts, and an empty one is absent", async () => {
    const good = await signIn("ada");
    const path = `/rooms/${newRoom()}`;
    const status = async (header: string) =>
      (await ask(path, { headers: { Cookie: header } })).status;
    expect(await status(`theme=dark; session=${good}; session=bad`)).toBe(200);
    expect(await status(`session=bad; session=${good}`)).toBe(200);
    expect(await status(`session=; session=${good}`)).toBe(200);
    expect(await status(`session=b"d; session=${good}`)).toBe(200);
    expect(await status("session=bad; session=worse")).toBe(401);
    expect(await status("session=")).toBe(401);
    expect(await status(`xsession=bad; session=${good}`)).toBe(200);
  });
});

describe("a signed session", () => {
  it("[A2.7] any of the secrets signs, newest first, so that they can be rotated", async () => {
    const [next, old] = ["n".repeat(32), "o".repeat(40)];
    const config = { SESSION_SECRET: `${next}, ${old}` };
    for (const secret of [next, old]) {
      const token = await signIn("ada", {}, secret);
      expect((await askConfigured(config, "/rooms/a2", bearer(token))).status).toBe(200);
    }
    const foreign = await askConfigured(config, "/rooms/a2", bearer(await signIn("ada")));
    expect(await refusal(foreign)).toEqual([401, "session_invalid"]);
  });

  it("[A2.9] issuer and audience are checked where they are configured", async () => {
    const config = { SESSION_ISSUER: "https://id.example.com", SESSION_AUDIENCE: "presence" };
    const good = { iss: "https://id.example.com", aud: ["presence", "web"] };
    const status = async (claims: JWTPayload) => {
      const token = await signIn("ada", claims);
      return (await askConfigured(config, "/rooms/a2", bearer(token))).status;
    };
    expect(await status(good)).toBe(200);
    expect(await status({ ...good, iss: "https://evil.example.com" })).toBe(401);
    expect(await status({ ...good, aud: "other" })).toBe(401);
    expect(await status({})).toBe(401);
  });

  it.each(["RS256", "PS256", "ES256", "EdDSA"])(
    "[A2.7] a key of the key set verifies %s, and no secret does",
    async (algorithm) => {
      const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true });
      const jwk = { ...(await exportJWK(publicKey)), kid: algorithm, alg: algorithm };
      const url = `https://keys.example.com/${algorithm}`;
      vi.spyOn(globalThis, "fetch").mockImplementation(async () => Response.json({ keys: [jwk] }));
      const config = { SESSION_JWKS_URL: url, SESSION_SECRET: "" };
      const sign = (key: CryptoKey) =>
        new SignJWT({ sub: "ada", exp: later() })
          .setProtectedHeader({ alg: algorithm, kid: algorithm })
          .sign(key);
      const good = await askConfigured(config, "/rooms/a2", bearer(await sign(privateKey)));
      expect(good.status).toBe(200);
      const other = await generateKeyPair(algorithm);
      const forged = await askConfigured(config, "/rooms/a2", bearer(await sign(other.privateKey)));
      expect(await refusal(forged)).toEqual([401, "session_invalid"]);
      // The public key used as an HMAC secret: the oldest trick there is.
      const confused = await new CompactSign(
        new TextEncoder().encode(JSON.stringify({ sub: "ada", exp: later() })),
      )
        .setProtectedHeader({ alg: "HS256", kid: algorithm })
        .sign(new TextEncoder().encode(JSON.stringify(jwk)));
      const answer = await askConfigured(config, "/rooms/a2", bearer(confused));
      expect(await refusal(answer)).toEqual([401, "session_invalid"]);
    },
  );

  it("[A2.13, A5.2] a key server that is down lets nobody in and says so", async () => {
    const { privateKey } = await generateKeyPair("ES256");
    const token = await new SignJWT({ sub: "ada", exp: later() })
      .setProtectedHeader({ alg: "ES256", kid: "k" })
      .sign(privateKey);
    for (const answer of [
      async () => new Response("down", { status: 500 }),
      async () => new Response("<html>"),
      async () => Response.json({ no: "keys" }),
      async () => Promise.reject(new TypeError("network")),
    ]) {
      vi.spyOn(globalThis, "fetch").mockImplementation(answer);
      const config = { SESSION_JWKS_URL: `https://keys.example.com/${crypto.randomUUID()}` };
      const response = await askConfigured(config, "/rooms/a2", bearer(token));
      expect(await refusal(response)).toEqual([503, "session_unavailable"]);
    }
  });

  it("[A2.7, A2.8, A2.14, A5.5] what is malformed, forged or of the wrong algorithm has one code and one message", async () => {
    const secret = new TextEncoder().encode(env.SESSION_SECRET);
    const token = await signIn("ada");
    const [header, payload, signature] = token.split(".") as [string, string, string];
    const admin = base64url.encode(JSON.stringify({ sub: "admin", exp: later() }));
    const bad = {
      "no token": "hello",
      "two parts": `${header}.${payload}`,
      "altered payload": `${header}.${admin}.${signature}`,
      truncated: token.slice(0, -4),
      "no signature": `${header}.${payload}.`,
      unsecured: new UnsecuredJWT({ sub: "ada", exp: later() }).encode(),
      HS512: await new SignJWT({ sub: "ada", exp: later() })
        .setProtectedHeader({ alg: "HS512" })
        .sign(new Uint8Array(64)),
      "HS384 of the secret": await new SignJWT({ sub: "ada", exp: later() })
        .setProtectedHeader({ alg: "HS384" })
        .sign(Uint8Array.from([...secret, ...secret])),
      "another key": await signIn("ada", {}, "x".repeat(32)),
      "another key, expired": await signIn("ada", { exp: 1 }, "x".repeat(32)),
      "no sub": await signIn("ada", { sub: undefined }),
      "empty sub": await signIn(""),
      "long sub": await signIn("x".repeat(129)),
      "no exp": await signIn("ada", { exp: undefined }),
      "not yet": await signIn("ada", { nbf: later() }),
      "a dot for a sub": await signIn("."),
      "roles that are no list": await signIn("ada", { roles: { admin: true } }),
      "rooms that are no list": await signIn("ada", { rooms: "lobby" }),
      "rooms that are null": await signIn("ada", { rooms: null }),
      "rooms that are no texts": await signIn("ada", { rooms: [1] }),
      "8 KB": await signIn("ada", { pad: "x".repeat(8000) }),
    };
    const messages = new Set<string>();
    for (const [name, value] of Object.entries(bad)) {
      for (const headers of [bearer(value), cookie(value)]) {
        const answer = await ask(`/rooms/${newRoom()}`, { headers });
        const { error } = await answer.json<{ error: { code: string; message: string } }>();
        expect([answer.status, error.code], name).toEqual([401, "session_invalid"]);
        messages.add(error.message);
      }
    }
    expect(messages.size).toBe(1);
  });

  it("[A2.8, A5.2] one that has expired says so, with 5 s of tolerance", async () => {
    const now = Math.floor(Date.now() / 1000);
    const answer = async (exp: number) =>
      ask("/rooms/a2", { headers: bearer(await signIn("ada", { exp })) });
    expect(await refusal(await answer(now - 60))).toEqual([401, "session_expired"]);
    expect((await answer(now - 3)).status).toBe(200);
  });

  it("[A2.11] the claims become the member", async () => {
    const room = newRoom();
    await join(room, "ada", {
      token: await signIn("ada", {
        name: "Ada",
        picture: "/avatars/ada.png",
        sid: "s1",
        roles: [],
      }),
    });
    await join(room, "bob", { token: await signIn("bob", { name: "", picture: null }) });
    expect((await readRoom(room)).members).toMatchObject([
      { id: "ada", name: "Ada", image: "/avatars/ada.png" },
      { id: "bob", name: "bob" },
    ]);
  });
});

describe("origins", () => {
  const upgrade = async (headers: Record<string, string>) => {
    const answer = await ask(`/rooms/${newRoom()}`, {
      headers: { Upgrade: "websocket", ...headers },
    });
    answer.webSocket?.accept();
    return answer.webSocket ? 101 : refusal(answer);
  };

  it("[A3.1, A3.4] an upgrade from a foreign origin is refused, whatever it carries", async () => {
    const token = await signIn("ada");
    const forbidden = [403, "origin_forbidden"];
    for (const origin of [
      "https://evil.example.com",
      "https://presence.example.com.evil.com",
      "https://presence.example.com:8443",
      "http://app.example.com",
      "http://presence.example.com",
      "wss://presence.example.com",
      "https://PRESENCE.example.com/",
      "null",
    ]) {
      expect(await upgrade({ Origin: origin, ...cookie(token) }), origin).toEqual(forbidden);
      expect(await upgrade({ Origin: origin, ...bearer(token) }), origin).toEqual(forbidden);
    }
    expect(await upgrade({ Origin: HOST, ...cookie(token) })).toBe(101);
    expect(await upgrade({ Origin: "https://app.example.com", ...cookie(token) })).toBe(101);
  });

  it("[A3.2] on plain HTTP the service's own origin is http, for upgrades, CORS and preflights", async () => {
    const own = "http://localhost:8787";
    const headers = bearer(await signIn("ada"));
    const at = (Origin: string, init: RequestInit = {}, more = {}) =>
      createApp().request(
        `${own}/rooms/plain`,
        { ...init, headers: { ...headers, Origin, ...more } },
        env,
      );
    const secure = "https://localhost:8787";
    const joined = await at(own, {}, { Upgrade: "websocket" });
    joined.webSocket!.accept();
    const refused = await at(secure, {}, { Upgrade: "websocket" });
    expect(await refusal(refused)).toEqual([403, "origin_forbidden"]);
    for (const init of [{ method: "GET" }, { method: "OPTIONS" }]) {
      const allowed = (answer: Response) => answer.headers.get("Access-Control-Allow-Origin");
      expect(allowed(await at(own, init))).toBe(own);
      expect(allowed(await at(secure, init))).toBeNull();
    }
  });

  it("[A3.4, O3.2] the log line of a refusal names the origin, if it is one", async () => {
    const lines: Record<string, unknown>[] = [];
    vi.spyOn(console, "log").mockImplementation((line: string) => lines.push(JSON.parse(line)));
    const token = await signIn("ada");
    for (const [origin, logged] of [
      ["https://evil.example.com", "https://evil.example.com"],
      ["capacitor://localhost", "capacitor://localhost"],
      ["null", "null"],
      ["https://evil.example.com/path?token=x", "malformed"],
      [`https://${"x".repeat(300)}`, "malformed"],
    ] as const) {
      await upgrade({ Origin: origin, ...bearer(token) });
      expect(lines.at(-1)).toMatchObject({ code: "origin_forbidden", origin: logged });
    }
    await upgrade(cookie(token));
    expect(lines.at(-1)).toMatchObject({ code: "origin_forbidden", origin: "none" });
  });

  it("[A3.3] an upgrade without an origin must not rest on a cookie", async () => {
    const token = await signIn("ada");
    expect(await upgrade(cookie(token))).toEqual([403, "origin_forbidden"]);
    expect(await upgrade(bearer(token))).toBe(101);
  });

  it("[A3.5] CORS names exactly the allowed origins, with credentials; others are answered without", async () => {
    const token = await signIn("ada");
    const read = (origin: string) =>
      ask(`/rooms/${newRoom()}`, { headers: { Origin: origin, ...cookie(token) } });
    const allowed = await read("https://app.example.com");
    expect(allowed.headers.get("Access-Control-Allow-Origin")).toBe("https://app.example.com");
    expect(allowed.headers.get("Access-Control-Allow-Credentials")).toBe("true");
    expect(allowed.headers.get("Vary")).toContain("Origin");
    const foreign = await read("https://evil.example.com");
    expect(foreign.status).toBe(200);
    expect([...foreign.headers.keys()].filter((key) => key.startsWith("access-"))).toEqual([]);
    expect(foreign.headers.get("Vary")).toContain("Origin");
  });

  it("[A3.5] refusals can be read by the allowed origins as well", async () => {
    const answer = await ask(`/rooms/${newRoom()}`, {
      headers: { Origin: "https://app.example.com" },
    });
    expect(answer.headers.get("Access-Control-Allow-Origin")).toBe("https://app.example.com");
    expect(await refusal(answer)).toEqual([401, "unauthenticated"]);
  });

  it("[A3.6] a preflight needs no credential and touches no room", async () => {
    const before = (await listDurableObjectIds(env.ROOMS)).length;
    const preflight = (origin: string) =>
      ask(`/rooms/${newRoom()}`, {
        method: "OPTIONS",
        headers: { Origin: origin, "Access-Control-Request-Method": "GET" },
      });
    const allowed = await preflight("https://app.example.com");
    expect(allowed.status).toBe(204);
    expect(allowed.headers.get("Access-Control-Allow-Origin")).toBe("https://app.example.com");
    for (const origin of ["https://evil.example.com", HOST.replace("https", "http")]) {
      const foreign = await preflight(origin);
      expect(foreign.status).toBe(204);
      expect([...foreign.headers.keys()].filter((key) => key.startsWith("access-"))).toEqual([]);
    }
    expect((await listDurableObjectIds(env.ROOMS)).length).toBe(before);
  });
});

describe("rooms", () => {
  it("[A4.1] a session with rooms enters those alone, for reading and for joining", async () => {
    const token = await signIn("ada", { rooms: ["lobby", "docs:*"] });
    for (const [room, status] of [
      ["lobby", 200],
      ["docs:42", 200],
      ["docs:", 200],
      ["lobby2", 403],
      ["docs", 403],
    ] as const) {
      const read = await ask(`/rooms/${room}`, { headers: bearer(token) });
      expect(read.status, room).toBe(status);
      const joined = await tryJoin(room, "ada", { token });
      joined.webSocket?.accept();
      expect(joined.status, room).toBe(status === 200 ? 101 : 403);
      if (status === 403) expect(await refusal(joined)).toEqual([403, "room_forbidden"]);
    }
    const none = await signIn("ada", { rooms: [] });
    const answer = await ask("/rooms/lobby", { headers: bearer(none) });
    expect(await refusal(answer)).toEqual([403, "room_forbidden"]);
  });

  it("[A4.1] a star matches any rest at the end only", () => {
    expect(authorizeByRooms({ rooms: ["*"] }, "any")).toBe(true);
    expect(authorizeByRooms({ rooms: ["a*b"] }, "axb")).toBe(false);
    expect(authorizeByRooms({}, "any")).toBe(true);
  });

  it("[A4.2] a deployment may replace the rule by its own", async () => {
    const seen: unknown[] = [];
    const app = createApp({
      authorize(session, room, action) {
        seen.push([session.user.id, session.roles, room, action]);
        return action === "read" && session.roles.includes("staff");
      },
    });
    const headers = bearer(await signIn("ada", { roles: ["staff"], rooms: [] }));
    expect((await app.request(`${HOST}/rooms/x`, { headers }, env)).status).toBe(200);
    const upgrade = { ...headers, Upgrade: "websocket" };
    const joined = await app.request(`${HOST}/rooms/x`, { headers: upgrade }, env);
    expect(await refusal(joined)).toEqual([403, "room_forbidden"]);
    expect(seen).toEqual([
      ["ada", ["staff"], "x", "read"],
      ["ada", ["staff"], "x", "join"],
    ]);
  });
});

describe("refusals", () => {
  it("[A5.1, A5.2] are plain HTTP answers with code, message and request id, and touch no room", async () => {
    const before = (await listDurableObjectIds(env.ROOMS)).length;
    const room = newRoom();
    const narrow = await signIn("ada", { rooms: ["other"] });
    const cases: [Record<string, string>, number, string][] = [
      [{}, 401, "unauthenticated"],
      [bearer("bad"), 401, "session_invalid"],
      [bearer(await signIn("ada", { exp: 1 })), 401, "session_expired"],
      [{ Origin: "https://evil.example.com" }, 403, "origin_forbidden"],
      [bearer(narrow), 403, "room_forbidden"],
    ];
    for (const [headers, status, code] of cases) {
      const answer = await ask(`/rooms/${room}`, {
        headers: { Upgrade: "websocket", "X-Request-Id": "my-id", ...headers },
      });
      expect(answer.headers.get("Content-Type")).toContain("application/json");
      expect(answer.headers.get("Cache-Control")).toBe("no-store");
      expect(answer.headers.get("X-Request-Id")).toBe("my-id");
      expect(await answer.json()).toEqual({
        error: { code, message: expect.any(String), requestId: "my-id" },
      });
      expect(answer.status).toBe(status);
    }
    expect((await listDurableObjectIds(env.ROOMS)).length).toBe(before);
  });

  it("[A5.2, A5.3, O2.1] a misconfigured service refuses with 500, and a room that does not answer with 503", async () => {
    vi.spyOn(console, "log").mockImplementation(() => {});
    const headers = bearer(await signIn("ada"));
    const misconfigured = await askConfigured({ STALE_SECONDS: "soon" }, "/rooms/a", headers);
    expect(await refusal(misconfigured)).toEqual([500, "misconfigured"]);
    const broken = { getByName: () => ({ fetch: () => Promise.reject(new Error("gone")) }) };
    const ROOMS = broken as unknown as Env["ROOMS"];
    const unavailable = await askConfigured({ ROOMS }, "/rooms/a", headers);
    expect(await refusal(unavailable)).toEqual([503, "room_unavailable"]);
    expect(unavailable.headers.get("Retry-After")).toBe("1");
  });

  it("[A5.2] a room that restarts is asked once more, one that is overloaded is not", async () => {
    vi.spyOn(console, "log").mockImplementation(() => {});
    const headers = bearer(await signIn("ada"));
    const asked = async (flags: object) => {
      let calls = 0;
      const fetch = async () => {
        if (++calls === 1) throw Object.assign(new Error("reset"), flags);
        return Response.json({});
      };
      const ROOMS = { getByName: () => ({ fetch }) } as unknown as Env["ROOMS"];
      return [(await askConfigured({ ROOMS }, "/rooms/a", headers)).status, calls];
    };
    expect(await asked({ retryable: true })).toEqual([200, 2]);
    expect(await asked({ retryable: true, overloaded: true })).toEqual([503, 1]);
    expect(await asked({})).toEqual([503, 1]);
  });

  it("[A5.2] what nobody serves is a 404 of the same shape", async () => {
    expect(await refusal(await ask("/"))).toEqual([404, "not_found"]);
    expect(await refusal(await ask("/rooms/a", { method: "POST" }))).toEqual([404, "not_found"]);
  });
});

describe("limits", () => {
  it("[A6.1] one connection too many of a user is refused with 429, unless a place is in its grace", async () => {
    const room = newRoom();
    const tabs = await Promise.all(Array.from({ length: 20 }, () => join(room, "ada")));
    const refused = await tryJoin(room, "ada");
    expect(refused.headers.get("Retry-After")).toBe("30");
    expect(await refusal(refused)).toEqual([429, "too_many_connections"]);
    tabs[0]!.close(4000);
    await tabs[0]!.closed;
    await join(room, "ada");
    expect((await readRoom(room)).connections).toBe(20);
    await join(room, "bob");
  });

  it("[A6.2] a room that is full refuses with 503", async () => {
    const room = newRoom();
    const crowd = Array.from({ length: 40 }, (_, n) => join(room, `user-${n}`));
    await Promise.all(crowd);
    expect(await refusal(await tryJoin(room, "late"))).toEqual([503, "room_full"]);
    await (await crowd[0]!).ask({ type: "leave" });
    await join(room, "late");
  });

  it("[A6.1, A6.2] the limits have the documented defaults", () => {
    const { limits } = parseConfig({ SESSION_SECRET: "x".repeat(32) } as Env);
    expect(limits).toMatchObject({ maxConnectionsPerUser: 20, maxConnectionsPerRoom: 10_000 });
  });
});

describe("what the room is told", () => {
  it("[A8] cannot be forged: the Worker's own header in a request is dropped", async () => {
    const room = newRoom();
    const forged = encodeURIComponent(
      JSON.stringify({
        requestId: "forged",
        joiner: { user: { id: "admin" }, issuedAt: 0, expiresAt: 9e12 },
      }),
    );
    const headers = { "x-rollcall-request": forged, "X-Rollcall-Request": forged };
    const read = await askAs("reader", `/rooms/${room}`, headers);
    expect(read.status).toBe(200);
    const ada = await join(room, "ada", { headers });
    expect(welcomeOf(ada).self.id).toBe("ada");
    expect((await readRoom(room)).members.map(({ id }) => id)).toEqual(["ada"]);
    expect(await query(room, "SELECT id FROM members")).toEqual([{ id: "ada" }]);
  });

  it("[A8] a name in any script gets there unharmed", async () => {
    const room = newRoom();
    const name = "Ада Лавлейс 👩‍💻 \u0000 \"'<>";
    await join(room, "ada", { token: await signIn("ada", { name }) });
    expect((await readRoom(room)).members[0]?.name).toBe(name);
  });
});
