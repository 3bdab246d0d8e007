import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { startSession } from "../../examples/session/kv.ts";
import { askConfigured, refusal } from "../../worker-kit/http.ts";

const config = { SESSION_FORMAT: "kv" };
const KEY = "0123456789abcdefghijkl";

afterEach(() => {
  vi.restoreAllMocks();
});

async function enter(key: string) {
  vi.spyOn(console, "log").mockImplementation(() => {});
  const answer = await askConfigured(config, "/rooms/kv", { Cookie: `session=${key}` });
  return answer.status === 200 ? 200 : refusal(answer);
}

describe("a session in the app's store", () => {
  it("[A2.25] lies in KV under its key, and deleting it signs out", async () => {
    const session = { user: { id: "ada" }, expiresAt: new Date(Date.now() + 60_000) };
    await env.SESSIONS!.put(`session:${KEY}`, JSON.stringify(session));
    expect(await enter(KEY)).toBe(200);
    await env.SESSIONS!.delete(`session:${KEY}`);
    expect(await enter(KEY)).toEqual([401, "session_invalid"]);
  });

  it("[A2.25] is what the documented sign-in writes", async () => {
    expect(await enter(await startSession(env.SESSIONS!))).toBe(200);
  });

  it("[A2.25] a key that somebody could guess is not looked up", async () => {
    const get = vi.spyOn(env.SESSIONS!, "get");
    for (const key of [KEY.slice(1), "x".repeat(257), `${KEY}.`, `${KEY}%2F..`, `${KEY}=`]) {
      expect(await enter(key), key).toEqual([401, "session_invalid"]);
    }
    expect(get).not.toHaveBeenCalled();
  });

  it("[A2.25] one that has ended says so, though the app has not deleted it", async () => {
    const ended = { user: { id: "ada" }, expiresAt: Date.now() - 1 };
    await env.SESSIONS!.put(`session:${KEY}`, JSON.stringify(ended));
    expect(await enter(KEY)).toEqual([401, "session_expired"]);
  });
});
