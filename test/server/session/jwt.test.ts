import { exportJWK, generateKeyPair, SignJWT, type JWTPayload } from "jose";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { parseConfig } from "../../../src/server/config/parse.ts";
import type { Env } from "../../../src/server/env.ts";
import type { Refusal } from "../../../src/server/errors.ts";
import { checkSession } from "../../worker-kit/check-session.ts";
import { askConfigured, HOST, refusal } from "../../worker-kit/http.ts";
import { signIn } from "../../worker-kit/sign-in.ts";

let servers = 0;
const keys = await Promise.all(
  ["k1", "k2", "k3"].map(async (kid) => {
    const pair = await generateKeyPair("ES256", { extractable: true });
    return { kid, ...pair, jwk: { ...(await exportJWK(pair.publicKey)), alg: "ES256" } };
  }),
);
const [first, second, third] = keys as [(typeof keys)[0], (typeof keys)[0], (typeof keys)[0]];

beforeEach(() => {
  vi.setSystemTime(Date.UTC(2026, 10, 22, 12));
  vi.spyOn(console, "log").mockImplementation(() => {});
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** A key server; `down` cuts it off, and `asked` counts what reached it. */
function startKeyServer(published: object[]) {
  const server = { published, down: false, asked: 0, url: `https://keys.example.com/${++servers}` };
  vi.spyOn(globalThis, "fetch").mockImplementation(async () => {
    server.asked++;
    if (server.down) throw new TypeError("no route to host");
    return Response.json({ keys: server.published });
  });
  return server;
}

async function tokenOf(key: typeof first, { kid = true, ...claims }: JWTPayload = {}) {
  return new SignJWT({ sub: "ada", exp: Date.now() / 1000 + 86_400, ...claims })
    .setProtectedHeader({ alg: "ES256", ...(kid === true && { kid: key.kid }) })
    .sign(key.privateKey);
}

async function enter(url: string, token: string) {
  const config = { SESSION_JWKS_URL: url, SESSION_SECRET: "" };
  const answer = await askConfigured(config, "/rooms/keys", { Authorization: `Bearer ${token}` });
  return answer.status === 200 ? 200 : refusal(answer);
}

const after = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000);
const published = (key: typeof first) => ({ ...key.jwk, kid: key.kid });
const invalid = [401, "session_invalid"];
const unavailable = [503, "session_unavailable"];

describe("a key set", () => {
  it("[A2.12] is fetched once, and anew after 10 minutes, when a withdrawn key is forgotten", async () => {
    const server = startKeyServer([published(first)]);
    const token = await tokenOf(first);
    for (let n = 0; n < 3; n++) expect(await enter(server.url, token)).toBe(200);
    expect(server.asked).toBe(1);
    server.published = [published(second)];
    after(590);
    expect(await enter(server.url, token)).toBe(200);
    after(20);
    expect(await enter(server.url, token)).toEqual(invalid);
    expect(server.asked).toBe(2);
  });

  it("[A2.12] is fetched anew for an unknown key id, but not more than every 30 s", async () => {
    const server = startKeyServer([published(first)]);
    expect(await enter(server.url, await tokenOf(first))).toBe(200);
    after(31);
    server.published.push(published(second));
    expect(await enter(server.url, await tokenOf(second))).toBe(200);
    expect(server.asked).toBe(2);
    for (let n = 0; n < 5; n++)
      expect(await enter(server.url, await tokenOf(third))).toEqual(invalid);
    expect(server.asked).toBe(2);
    after(31);
    for (let n = 0; n < 5; n++)
      expect(await enter(server.url, await tokenOf(third))).toEqual(invalid);
    expect(server.asked).toBe(3);
  });

  it("[A2.13] an outage locks out nobody whose key is cached, however old, and lets in nobody else", async () => {
    const server = startKeyServer([published(first)]);
    const [known, unknown] = [await tokenOf(first), await tokenOf(second)];
    expect(await enter(server.url, known)).toBe(200);
    server.down = true;
    after(3600);
    expect(await enter(server.url, known)).toBe(200);
    expect(await enter(server.url, unknown)).toEqual(unavailable);
    expect(await enter(server.url, await tokenOf({ ...second, kid: "k1" }))).toEqual(invalid);
    // It is left alone for 5 s, then asked again.
    expect(server.asked).toBe(2);
    after(6);
    server.down = false;
    server.published.push(published(second));
    expect(await enter(server.url, unknown)).toBe(200);
    expect(server.asked).toBe(3);
  });

  it("[A2.12] is fetched once for all requests that need it, and once for unknown keys", async () => {
    const server = startKeyServer([published(first)]);
    const good = await tokenOf(first);
    const all = await Promise.all(Array.from({ length: 20 }, () => enter(server.url, good)));
    expect(all).toEqual(Array<number>(20).fill(200));
    expect(server.asked).toBe(1);
    after(31);
    const unknown = await Promise.all(
      Array.from({ length: 20 }, (_, n) => tokenOf({ ...second, kid: `unknown-${n}` })),
    );
    const outcomes = await Promise.all(unknown.map((token) => enter(server.url, token)));
    expect(outcomes).toEqual(Array<unknown>(20).fill(invalid));
    expect(server.asked).toBe(2);
  });

  it("[A2.12] no number of bad tokens makes it forget one that was found good", async () => {
    const server = startKeyServer([published(first)]);
    const { session: config } = parseConfig({ SESSION_JWKS_URL: server.url } as Env);
    const check = async (token: string) =>
      checkSession({ kind: "bearer", token }, config, Date.now()).then(
        ({ user }) => user.id,
        ({ code }: Refusal) => code,
      );
    const [good, bad] = [await tokenOf(first), await tokenOf(second)];
    expect(await check(good)).toBe("ada");
    server.published = [];
    after(31);
    for (let n = 0; n < 600; n++) expect(await check(`${bad}${n}`)).toBe("session_invalid");
    // Its key is gone: the cached result admits it for a minute.
    expect(await check(await tokenOf(first, { jti: "another" }))).toBe("session_invalid");
    expect(await check(good)).toBe("ada");
  });

  it("[A2.12, A2.13] that does not answer 20 requests is asked once, and unavailable to all", async () => {
    const server = startKeyServer([]);
    server.down = true;
    const token = await tokenOf(first);
    const all = await Promise.all(Array.from({ length: 20 }, () => enter(server.url, token)));
    expect(all).toEqual(Array<unknown>(20).fill(unavailable));
    expect(server.asked).toBe(1);
  });

  it("[A2.13] that was never reached is unavailable, and found as soon as it is back", async () => {
    const server = startKeyServer([published(first)]);
    server.down = true;
    const token = await tokenOf(first);
    for (let n = 0; n < 3; n++) expect(await enter(server.url, token)).toEqual(unavailable);
    expect(server.asked).toBe(1);
    server.down = false;
    after(6);
    expect(await enter(server.url, token)).toBe(200);
  });

  it("[A2.12] each of several keys is tried for a token that names none", async () => {
    const server = startKeyServer([first.jwk, second.jwk]);
    for (const key of [first, second]) {
      expect(await enter(server.url, await tokenOf(key, { kid: false }))).toBe(200);
    }
    expect(await enter(server.url, await tokenOf(third, { kid: false }))).toEqual(invalid);
    const old = await tokenOf(second, { kid: false, exp: 1 });
    expect(await enter(server.url, old)).toEqual([401, "session_expired"]);
  });

  it("[A2.13] a redirect, an endless answer and a key of a wrong shape are an outage", async () => {
    for (const answer of [
      () => Response.redirect("https://evil.example.com/keys"),
      () => new Response(`{"keys":["${"x".repeat(200_000)}"]}`),
      () => Response.json({ keys: [{ ...published(first), x: "AA" }] }),
    ]) {
      const { url } = startKeyServer([]);
      vi.spyOn(globalThis, "fetch").mockImplementation(async (_input, init) => {
        expect(init?.redirect).toBe("manual");
        return answer();
      });
      expect(await enter(url, await tokenOf(first))).toEqual(unavailable);
    }
  });
});

describe("azp", () => {
  const status = async (azp: unknown) => {
    const token = await signIn("ada", { azp });
    return (await askConfigured({}, "/rooms/azp", { Authorization: `Bearer ${token}` })).status;
  };

  it("[A2.10] an origin must be the service's own or an allowed one", async () => {
    expect(await status(HOST)).toBe(200);
    expect(await status("https://app.example.com")).toBe(200);
    for (const azp of [
      "https://evil.example.com",
      "https://app.example.com.evil.com",
      "http://app.example.com",
      HOST.replace("https", "http"),
      "https://app.example.com@evil.com",
      "HTTPS://evil.example.com/",
      "https:evil.example.com",
      "https://",
      7,
      ["https://app.example.com"],
    ]) {
      expect(await status(azp), String(azp)).toBe(401);
    }
  });

  it("[A2.10] an OAuth client's id, or none, is not judged", async () => {
    for (const azp of [undefined, null, "", "web-client", "1234.apps.example.com"]) {
      expect(await status(azp), String(azp)).toBe(200);
    }
  });
});
