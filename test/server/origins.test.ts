import { env } from "cloudflare:workers";
import { listDurableObjectIds } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createApp } from "../../src/server/app.ts";
import { ask, HOST, refusal } from "../worker-kit/http.ts";
import { signIn } from "../worker-kit/sign-in.ts";

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

let rooms = 0;
const newRoom = () => `origins-${++rooms}`;
const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });
const cookie = (token: string) => ({ Cookie: `session=${token}` });

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
