import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { createApp } from "../../src/server/app.ts";
import type { Env } from "../../src/server/env.ts";
import { ask } from "../worker-kit/http.ts";

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

const idOf = async (headers: Record<string, string>) =>
  (await ask("/rooms/lobby", { headers })).headers.get("X-Request-Id");

describe("the routes", () => {
  it("are ones that Hono's fast router takes, below another path too", async () => {
    for (const basePath of ["/", "/presence"]) {
      const app = createApp({ basePath });
      await app.request("/healthz", {}, env as Env);
      expect(app.router.name).toBe("SmartRouter + RegExpRouter");
    }
  });

  it("[A5.2] take the caller's request id where it is a plain one, else give one", async () => {
    for (const id of ["abc", "A-b_9="]) {
      expect(await idOf({ "X-Request-Id": id })).toBe(id);
    }
    for (const id of ["", "a b", "a.b", "ä", "x".repeat(256)]) {
      expect(await idOf({ "X-Request-Id": id })).toMatch(UUID);
    }
    expect(await idOf({})).toMatch(UUID);
  });
});
