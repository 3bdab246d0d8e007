import { env } from "cloudflare:workers";
import { generateKeyPair, SignJWT } from "jose";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createApp } from "../../src/server/app.ts";
import type { Env } from "../../src/server/env.ts";
import { eventually } from "../worker-kit/eventually.ts";
import { refusal, requestTo } from "../worker-kit/http.ts";
import { useUpMinute } from "../worker-kit/minute.ts";

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  createApp();
});

let addresses = 0;
/** A separate address for each test. */
const newAddress = () => `203.0.113.${++addresses}`;
/** The minute may turn once on the way, and the one that is too many is asked about. */
const MOST_ASKED = 2 * 61;
const LIMITED = [429, "rate_limited"];

/** An app that knows the cookies which begin with `good`; it answers a moment later. */
function startApp() {
  const app = { asked: 0, atOnce: 0, mostAtOnce: 0 };
  vi.spyOn(globalThis, "fetch").mockImplementation(async (_input, init) => {
    app.asked++;
    app.mostAtOnce = Math.max(app.mostAtOnce, ++app.atOnce);
    await new Promise((resolve) => setTimeout(resolve, 5));
    app.atOnce--;
    const cookie = new Headers(init?.headers).get("Cookie") ?? "";
    const [, id] = /session=good-(.*)/.exec(cookie) ?? [];
    return id ? Response.json({ user: { id } }) : new Response("", { status: 401 });
  });
  return app;
}

const INTROSPECTION: Partial<Env> = {
  SESSION_FORMAT: "introspection",
  SESSION_INTROSPECTION_URL: "https://app.example.com/session",
};
/** A deployment with memory between requests. */
const withIntrospection = { ...env, ...INTROSPECTION };

let id = 0;
const read = async (address: string, token = `bad-${++id}`, bindings: Env = withIntrospection) => {
  const headers = { "CF-Connecting-IP": address, Authorization: `Bearer ${token}` };
  return createApp().request(requestTo("/rooms/strangers", { headers }), {}, bindings);
};

/** Sends bad credentials until the address has used up its failures of the minute. */
const useUp = (address: string, bindings: Env = withIntrospection) =>
  useUpMinute(async () => (await read(address, undefined, bindings)).status === 429);

/**
 * Has a session verified, and uses up the failures of its address while that answer is kept: for 10 s,
 * and the wait for the next minute may take as long.
 */
async function limitedBesideKnown(): Promise<{ address: string; known: string }> {
  for (;;) {
    const address = newAddress();
    const known = `good-${address}`;
    const verifiedAt = Date.now();
    expect((await read(address, known)).status).toBe(200);
    await useUp(address);
    if (Date.now() < verifiedAt + 8_000) return { address, known };
  }
}

describe("who asks with credentials that fail", () => {
  it("[A7.5] has the app asked 60 times a minute, one after the other", async () => {
    const app = startApp();
    const address = newAddress();
    const statuses: number[] = [];
    for (let n = 0; n < 150; n++) statuses.push((await read(address)).status);
    expect(app.asked).toBeGreaterThanOrEqual(60);
    expect(app.asked).toBeLessThanOrEqual(MOST_ASKED);
    expect(statuses.filter((status) => status === 401).length).toBeGreaterThanOrEqual(60);
    // A minute may turn on the way: then the last ones are asked about again.
    expect(statuses).toContain(429);
  });

  it("[A7.5, A7.6] has the app asked 60 times a minute, all at once", async () => {
    const app = startApp();
    const address = newAddress();
    const answers = await Promise.all(Array.from({ length: 150 }, () => read(address)));
    expect(app.asked).toBeGreaterThanOrEqual(60);
    expect(app.asked).toBeLessThanOrEqual(MOST_ASKED);
    expect(app.mostAtOnce).toBeLessThanOrEqual(60);
    const limited = answers.filter(({ status }) => status === 429);
    expect(limited.length).toBeGreaterThanOrEqual(150 - MOST_ASKED);
    expect(limited[0]!.headers.get("Retry-After")).toBe("30");
    expect(await refusal(limited[0]!)).toEqual(LIMITED);
  });

  it("[A7.5] leaves those at the same address alone whose session is remembered, and those elsewhere", async () => {
    const app = startApp();
    const { address, known } = await limitedBesideKnown();
    const { asked } = app;
    expect((await read(address, known)).status).toBe(200);
    expect(await refusal(await read(address, "good-bob"))).toEqual(LIMITED);
    expect(app.asked).toBe(asked);
    expect((await read(newAddress(), "good-bob")).status).toBe(200);
  });

  it("[A7.4, A7.6] costs an office nothing that signs in all at once", async () => {
    const app = startApp();
    const address = newAddress();
    const answers = await Promise.all(
      Array.from({ length: 90 }, (_, n) => read(address, `good-office-${n}`)),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array<number>(90).fill(200));
    expect(app.asked).toBe(90);
    expect(app.mostAtOnce).toBeLessThanOrEqual(60);
  });

  it("[A7.6] waits 3 s for its turn, and no longer", async () => {
    const { promise, resolve } = Promise.withResolvers<null>();
    const verify = vi.fn(() => promise);
    const app = createApp({ verify });
    const headers = { "CF-Connecting-IP": newAddress(), Authorization: "Bearer x" };
    const ask = () => app.request(requestTo("/rooms/x", { headers }), {}, env);
    const asked = Array.from({ length: 60 }, ask);
    await eventually(() => expect(verify).toHaveBeenCalledTimes(60));
    expect(await refusal(await ask())).toEqual([503, "session_unavailable"]);
    expect(verify).toHaveBeenCalledTimes(60);
    resolve(null);
    for (const answer of await Promise.all(asked)) expect(answer.status).toBe(401);
  });

  it("[A7.5, A7.6] has the app asked no more than that where a minute ends while others wait", async () => {
    const app = startApp();
    const address = newAddress();
    vi.setSystemTime(Date.now());
    const answers = Array.from({ length: 150 }, () => read(address));
    await eventually(() => expect(app.asked).toBe(60));
    vi.setSystemTime(Date.now() + 60_000);
    const statuses = (await Promise.all(answers)).map(({ status }) => status);
    expect(app.asked).toBeLessThanOrEqual(MOST_ASKED);
    expect(app.mostAtOnce).toBeLessThanOrEqual(60);
    expect(statuses).toContain(429);
  });

  it("[A7.5] has a store asked no more than that", async () => {
    const get = vi.fn(async () => null);
    const config: Env = {
      ...env,
      SESSION_FORMAT: "kv",
      SESSIONS: { get } as unknown as KVNamespace,
    };
    const address = newAddress();
    const key = () => `${++id}`.padStart(22, "k");
    const answers = await Promise.all(
      Array.from({ length: 150 }, () => read(address, key(), config)),
    );
    expect(answers.filter(({ status }) => status === 429).length).toBeGreaterThanOrEqual(
      150 - MOST_ASKED,
    );
    expect(get.mock.calls.length).toBeLessThanOrEqual(MOST_ASKED);
    await useUpMinute(async () => (await read(address, key(), config)).status === 429);
    const asked = get.mock.calls.length;
    expect(await refusal(await read(address, key(), config))).toEqual(LIMITED);
    expect(get.mock.calls).toHaveLength(asked);
  });

  it("[A7.5] has no key server asked after that", async () => {
    const address = newAddress();
    const keys = { SESSION_SECRET: "", SESSION_JWKS_URL: "https://keys.example.com/strangers" };
    const config: Env = { ...env, ...keys };
    await useUp(address, config);
    const fetched = vi.spyOn(globalThis, "fetch");
    fetched.mockImplementation(async () => Response.json({ keys: [] }));
    const { privateKey } = await generateKeyPair("ES256");
    const token = await new SignJWT({ sub: "ada", exp: Date.now() / 1000 + 600 })
      .setProtectedHeader({ alg: "ES256", kid: "unknown" })
      .sign(privateKey);
    expect(await refusal(await read(address, token, config))).toEqual(LIMITED);
    expect(fetched).not.toHaveBeenCalled();
    const elsewhere = await read(newAddress(), token, config);
    expect(await refusal(elsewhere)).toEqual([401, "session_invalid"]);
    expect(fetched).toHaveBeenCalledTimes(1);
  });

  it("[A7.5] has an app's own check asked no more than that", async () => {
    const verify = vi.fn(async () => null);
    const app = createApp({ verify });
    const headers = { "CF-Connecting-IP": newAddress(), Authorization: "Bearer x" };
    const answers = await Promise.all(
      Array.from({ length: 150 }, () => app.request(requestTo("/rooms/x", { headers }), {}, env)),
    );
    expect(verify.mock.calls.length).toBeLessThanOrEqual(MOST_ASKED);
    expect(answers.some(({ status }) => status === 429)).toBe(true);
  });

  it("[A7.1] is not limited without the binding", async () => {
    const app = startApp();
    const address = newAddress();
    const { CONNECTS: _, ...config } = withIntrospection;
    for (let n = 0; n < 130; n++) {
      expect((await read(address, undefined, config)).status).toBe(401);
    }
    expect(app.asked).toBe(130);
  });
});
