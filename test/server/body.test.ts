import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { eventually } from "../worker-kit/eventually.ts";
import { ask, askConfigured, refusal } from "../worker-kit/http.ts";
import { useUpMinute } from "../worker-kit/minute.ts";
import { signIn } from "../worker-kit/sign-in.ts";

const CHUNK_BYTES = 1024;
/** What the platform may buffer between the caller and the reader. */
const MAX_TAKEN_BYTES = 512 * 1024;

/** A body without a length and without an end. */
function endless() {
  const sent = { bytes: 0, cancelled: false };
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      sent.bytes += CHUNK_BYTES;
      controller.enqueue(new Uint8Array(CHUNK_BYTES).fill(32));
    },
    cancel: () => void (sent.cancelled = true),
  });
  return { body, sent };
}

const SERVER_KEY = "k".repeat(32);
const bearer = async () => ({ Authorization: `Bearer ${await signIn("ada")}` });
const key = async () => ({ Authorization: `Bearer ${SERVER_KEY}` });

const DOORS = [
  ["POST", "/rooms/body/me/leave", bearer],
  ["POST", "/rooms/body/me/leave", async () => ({})],
  ["PUT", "/rooms/body/me", bearer],
  ["POST", "/tickets", bearer],
  ["POST", "/rooms/body/events", key],
  ["POST", "/users/presence", key],
  ["POST", "/users/ada/revocations", key],
] as const;

const request = (
  method: string,
  path: string,
  headers: Record<string, string>,
  body: BodyInit,
): Promise<Response> =>
  askConfigured({ SERVER_KEY, USERS: env.USERS! }, path, headers, { method, body });

describe("a body", () => {
  it.each(DOORS)(
    "[A5.4] of %s %s without a length is read up to its limit only",
    async (method, path, headers) => {
      const { body, sent } = endless();
      const answer = await request(method, path, await headers(), body);
      expect(await refusal(answer)).toEqual([413, "too_large"]);
      await eventually(() => expect(sent.cancelled).toBe(true));
      expect(sent.bytes).toBeLessThan(MAX_TAKEN_BYTES);
    },
  );

  it.each([
    ["PUT", "/rooms/body/me", 401],
    ["POST", "/tickets", 401],
    ["POST", "/rooms/body/events", 401],
    ["POST", "/users/presence", 401],
    ["POST", "/nowhere", 404],
    ["DELETE", "/rooms/body/members/ada", 401],
  ] as const)(
    "[A5.4] of %s %s is not read where the caller is refused",
    async (method, path, status) => {
      const { body, sent } = endless();
      const headers = { Authorization: "Bearer bad" };
      const answer = await request(method, path, headers, body);
      expect(answer.status).toBe(status);
      await eventually(() => expect(sent.cancelled).toBe(true));
      expect(sent.bytes).toBeLessThan(MAX_TAKEN_BYTES);
    },
  );

  it("[A7.3, P2.4] is not read before its sender's address was counted", async () => {
    const headers = { "CF-Connecting-IP": "198.51.100.90" };
    const leave = (body: BodyInit) =>
      ask("/rooms/body/me/leave", { method: "POST", headers, body });
    await useUpMinute(async () => (await leave("x")).status === 429);
    const { body, sent } = endless();
    expect(await refusal(await leave(body))).toEqual([429, "rate_limited"]);
    await eventually(() => expect(sent.cancelled).toBe(true));
    expect(sent.bytes).toBeLessThan(MAX_TAKEN_BYTES);
  });

  it("[A5.4] of exactly 16 KiB passes, in chunks that part its characters too", async () => {
    const json = JSON.stringify({ status: "busy", more: "" });
    const filled = new TextEncoder().encode(
      json.replace('""', `"${"ü".repeat((16_384 - json.length) / 2)}"`),
    );
    const chunked = (bytes: Uint8Array) =>
      new ReadableStream<Uint8Array>({
        start(controller) {
          for (let at = 0; at < bytes.length; at += 333) {
            controller.enqueue(bytes.slice(at, at + 333));
          }
          controller.close();
        },
      });
    const put = async (bytes: Uint8Array) =>
      request("PUT", "/rooms/body-whole/me", await bearer(), chunked(bytes));
    const padding = new Uint8Array(16_384 - filled.length).fill(32);
    const whole = new Uint8Array([...filled, ...padding]);
    expect((await put(whole)).status).toBe(200);
    const over = await put(new Uint8Array([...whole, 32]));
    expect(await refusal(over)).toEqual([413, "too_large"]);
  });
});
