import { env } from "cloudflare:workers";
import { listDurableObjectIds } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createApp } from "../../src/server/app.ts";
import { parseConfig } from "../../src/server/config/parse.ts";
import type { Env } from "../../src/server/env.ts";
import { ask, askAs, HOST } from "../worker-kit/http.ts";
import { join, tryJoin, welcomeOf } from "../worker-kit/peer.ts";
import { signIn } from "../worker-kit/sign-in.ts";
import { passTimeWithAlarms, runAlarm } from "../worker-kit/time.ts";

let lines: Record<string, unknown>[] = [];
let written = "";

beforeEach(() => {
  lines = [];
  written = "";
  vi.spyOn(console, "log").mockImplementation((text: string) => {
    written += `${text}\n`;
    lines.push(JSON.parse(text));
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

let rooms = 0;
const newRoom = () => `operation-${++rooms}`;

describe("health", () => {
  it("[O1] answers ok and touches no room, even misconfigured", async () => {
    const rooms = await listDurableObjectIds(env.ROOMS);
    const answer = await ask("/healthz");
    expect([answer.status, await answer.json()]).toEqual([200, { ok: true }]);
    const broken = { ...env, SESSION_SECRET: "short" };
    const other = await createApp().request(`${HOST}/healthz`, {}, broken);
    expect([other.status, await other.json()]).toEqual([200, { ok: true }]);
    expect(await listDurableObjectIds(env.ROOMS)).toEqual(rooms);
  });
});

describe("configuration", () => {
  it("[O2.1] every bad key is named in one log line, with no value of it, and every request refused", async () => {
    const bad = {
      SESSION_FORMAT: "magic-value",
      SESSION_COOKIE: "bad cookie",
      SESSION_SECRET: `${"x".repeat(32)},hunter2`,
      SESSION_JWKS_URL: "http://keys.example.com/secret-path",
      SESSION_ISSUER: "",
      ALLOWED_ORIGINS: "https://app.example.com/, *",
      MAX_CONNECTIONS_PER_USER: "0",
      MAX_CONNECTIONS_PER_ROOM: "1e9",
      STALE_SECONDS: "2",
      GRACE_SECONDS: "-1",
      RETENTION_SECONDS: "",
    };
    const configured = { ...env, ...bad };
    const app = createApp();
    for (const path of ["/rooms/a", "/rooms/a", "/", "/nothing"]) {
      const answer = await app.request(`${HOST}${path}`, {}, configured);
      expect(answer.status).toBe(500);
      expect(await answer.json()).toMatchObject({ error: { code: "misconfigured" } });
    }
    expect(lines).toHaveLength(1);
    const { event, code, reason } = lines[0]!;
    expect([event, code]).toEqual(["failure", "misconfigured"]);
    for (const key of Object.keys(bad)) expect(reason).toContain(`${key}: `);
    for (const value of ["hunter2", "magic-value", "secret-path"]) {
      expect(written).not.toContain(value);
    }
  });

  it("[O2.1] is complete and checked once; vars may be numbers, and a missing secret is a fault", () => {
    const good = parseConfig({ SESSION_SECRET: "x".repeat(32), STALE_SECONDS: 60 } as Env);
    expect(good.faults).toEqual([]);
    expect(good.limits).toEqual({
      maxConnectionsPerUser: 20,
      maxConnectionsPerRoom: 10_000,
      maxRemembered: 1_000,
      staleMs: 60_000,
      graceMs: 8_000,
      retentionMs: 86_400_000,
    });
    expect(good.session).toMatchObject({ format: "jwt", sessionMs: 3_600_000 });
    expect(parseConfig({} as Env).faults).toHaveLength(1);
    const keySet = { SESSION_JWKS_URL: "https://keys.example.com/jwks" } as Env;
    expect(parseConfig(keySet).faults).toEqual([]);
  });
});

describe("the log", () => {
  it("[O3.1, O3.2] has one line a join and a leave, with its reason, and none a heartbeat", async () => {
    const room = newRoom();
    const now = Math.floor(Date.now() / 1000);
    const left = await join(room, "left");
    const closed = await join(room, "closed");
    const bad = await join(room, "bad");
    const stale = await join(room, "stale");
    const expired = await join(room, "expired", {
      token: await signIn("expired", { exp: now + 20 }),
    });
    const named = new Map(
      Object.entries({ left, closed, bad, stale, expired }).map(([user, peer]) => [
        user,
        welcomeOf(peer).connection,
      ]),
    );
    for (const peer of [left, closed, bad]) {
      peer.send("ping");
      await peer.until((frame) => frame === "pong");
    }
    await left.ask({ type: "leave" });
    closed.close(4000);
    await closed.closed;
    for (let n = 0; n < 10; n++) bad.send("garbage");
    await bad.closed;
    await passTimeWithAlarms(room, 60);
    await Promise.all([stale.closed, expired.closed]);

    const joins = lines.filter(({ event }) => event === "join");
    expect(joins).toHaveLength(5);
    for (const line of joins) {
      const user = line["user"] as string;
      const connection = named.get(user);
      const requestId = expect.any(String);
      expect(line).toEqual({ event: "join", room, user, connection, requestId });
    }
    const leaves = lines.filter(({ event }) => event === "leave");
    expect(new Map(leaves.map((line) => [line["connection"], line["reason"]]))).toEqual(
      new Map([
        [named.get("left"), "left"],
        [named.get("closed"), "closed"],
        [named.get("bad"), "bad_message"],
        [named.get("stale"), "stale"],
        [named.get("expired"), "expired"],
      ]),
    );
    expect(leaves).toHaveLength(5);
    expect(lines).toHaveLength(10);
    expect(await runAlarm(room)).toBe(true);
  });

  it("[O3.2] has one line a refusal, with its code and request id, and never a credential", async () => {
    const room = newRoom();
    const tokens = [
      await signIn("mallory", {}, "m".repeat(32)),
      await signIn("mallory", { exp: 1 }),
      await signIn("mallory", { rooms: [] }),
    ];
    const ids: (string | null)[] = [];
    for (const token of tokens) {
      const answer = await tryJoin(room, "mallory", { token, query: `?ticketless=${token}` });
      ids.push(answer.headers.get("X-Request-Id"));
      const asCookie = await ask(`/rooms/${room}`, { headers: { Cookie: `session=${token}` } });
      expect(asCookie.status).toBeGreaterThanOrEqual(401);
    }
    expect((await askAs("ada", "/rooms/%00")).status).toBe(400);
    expect(lines.map(({ event, code, user }) => [event, code, user])).toEqual([
      ["refused", "session_invalid", undefined],
      ["refused", "session_invalid", undefined],
      ["refused", "session_expired", undefined],
      ["refused", "session_expired", undefined],
      ["refused", "room_forbidden", "mallory"],
      ["refused", "room_forbidden", "mallory"],
      ["refused", "room_invalid", undefined],
    ]);
    for (const line of lines) expect(line["requestId"]).toEqual(expect.any(String));
    for (const token of tokens) {
      expect(written).not.toContain(token);
      expect(written).not.toContain(token.split(".")[2]);
    }
  });
});
