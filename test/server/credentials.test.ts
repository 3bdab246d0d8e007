import { env } from "cloudflare:workers";
import { base64url, CompactSign, exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from "jose";
import type { JWTPayload } from "jose";
import { afterEach, describe, expect, it, vi } from "vitest";
import { ask, askConfigured, readRoom, refusal } from "../worker-kit/http.ts";
import { join } from "../worker-kit/peer.ts";
import { signIn } from "../worker-kit/sign-in.ts";

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

let rooms = 0;
const newRoom = () => `credentials-${++rooms}`;
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
      // The public key used as an HMAC secret: a classic attack.
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
