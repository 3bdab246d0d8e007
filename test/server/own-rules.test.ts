import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { createApp, type RuleContext } from "../../src/server/index.ts";
import { ask, HOST, refusal } from "../worker-kit/http.ts";
import { Peer } from "../worker-kit/peer.ts";

// The rooms use the rules of the app created last: this one, after production's.
await ask("/healthz");
let asked: [rule: string, context: RuleContext][] = [];
const app = createApp({
  basePath: "/presence",
  verify(token, kind, context) {
    asked.push([`verify ${kind}`, context]);
    return { user: { id: token }, roles: [], expiresAt: Date.now() + 3_600_000 };
  },
  authorize(_session, room, action, context) {
    asked.push([`authorize ${action}`, context]);
    return room !== "private";
  },
});

const bearer = { Authorization: "Bearer ada" };
const request = (path: string, headers: Record<string, string> = {}) =>
  app.request(`${HOST}${path}`, { headers }, env);

beforeEach(() => {
  asked = [];
});

const told = () =>
  asked.map(([rule, context]) => [
    rule,
    context.env.ALLOWED_ORIGINS === env.ALLOWED_ORIGINS,
    context.request?.headers.get("Authorization") ?? null,
    Object.keys(context).toSorted().join(),
  ]);

describe("an app with its own rules", () => {
  it("[A4.2] gives them the bindings and the request, and the request where there is one", async () => {
    const joined = await request("/presence/rooms/own", { ...bearer, Upgrade: "websocket" });
    const peer = new Peer(joined.webSocket!);
    await peer.untilType("snapshot");
    expect(told()).toEqual([
      ["verify bearer", true, "Bearer ada", "env,request"],
      ["authorize join", true, "Bearer ada", "env,request"],
    ]);

    asked = [];
    await peer.ask({ type: "auth", token: "bob" });
    expect(told()).toEqual([
      ["verify message", true, null, "env"],
      ["authorize join", true, null, "env"],
    ]);

    asked = [];
    expect((await request("/presence/rooms/own", bearer)).status).toBe(200);
    expect(told().at(-1)).toEqual(["authorize read", true, "Bearer ada", "env,request"]);
    expect(await refusal(await request("/presence/rooms/private", bearer))).toEqual([
      403,
      "room_forbidden",
    ]);
  });

  it("[A5.2, O1, O5] answers below its path alone", async () => {
    expect((await request("/presence/healthz")).status).toBe(200);
    expect(await refusal(await request("/rooms/own", bearer))).toEqual([404, "not_found"]);
    const described = await request("/presence/openapi.json");
    expect(await described.json()).toMatchObject({ servers: [{ url: `${HOST}/presence` }] });
    const preflight = await app.request(
      `${HOST}/presence/rooms/own`,
      { method: "OPTIONS", headers: { Origin: "https://app.example.com" } },
      env,
    );
    expect(preflight.headers.get("Access-Control-Allow-Origin")).toBe("https://app.example.com");
  });

  it("[O2.3] needs nothing of the check that it replaces, and uses the same names for its own", async () => {
    const own = { ...env, SESSION_SECRET: "short", SESSION_FORMAT: "ours", SESSION_ISSUER: "" };
    const answer = await app.request(`${HOST}/presence/rooms/own`, { headers: bearer }, own);
    expect(answer.status).toBe(200);
    const bad = { ...own, STALE_SECONDS: "soon" };
    const refused = await app.request(`${HOST}/presence/rooms/own`, { headers: bearer }, bad);
    expect(await refusal(refused)).toEqual([500, "misconfigured"]);
  });

  it.each([
    ["an unknown path", "/nothing", "GET"],
    ["a preflight", "/presence/rooms/own", "OPTIONS"],
    ["a read", "/presence/rooms/own", "GET"],
  ])("[O2.3] needs no session format, whatever is asked first: %s", async (_, path, method) => {
    const { SESSION_SECRET: _secret, ...bindings } = env;
    const Origin = "https://app.example.com";
    await app.request(`${HOST}${path}`, { method, headers: { ...bearer, Origin } }, bindings);
    const read = await app.request(`${HOST}/presence/rooms/own`, { headers: bearer }, bindings);
    expect(read.status).toBe(200);
  });
});
