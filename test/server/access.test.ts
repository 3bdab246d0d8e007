import { env } from "cloudflare:workers";
import { listDurableObjectIds } from "cloudflare:test";
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
