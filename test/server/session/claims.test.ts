import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { exportJWK, generateKeyPair, SignJWT, type JWTPayload } from "jose";
import { lookUp } from "../../../src/server/session/claims.ts";
import type { Env } from "../../../src/server/env.ts";
import { configOf, parseConfig } from "../../../src/server/config/parse.ts";
import { askConfigured, refusal } from "../../worker-kit/http.ts";
import { signIn } from "../../worker-kit/sign-in.ts";
import { checkSession } from "../../worker-kit/check-session.ts";

let lines: Record<string, unknown>[] = [];
beforeEach(() => {
  lines = [];
  vi.spyOn(console, "log").mockImplementation((text: string) => void lines.push(JSON.parse(text)));
});
afterEach(() => {
  vi.restoreAllMocks();
});

const SECRET = env.SESSION_SECRET!;
const INVALID = [401, "session_invalid"];

async function check(token: string, more: Partial<Env> = {}) {
  const { session } = parseConfig({ SESSION_SECRET: SECRET, ...more } as Env);
  return checkSession({ kind: "bearer", token }, session, Date.now());
}

describe("looking a claim up", () => {
  it("[A2.16] takes the whole name first, then a path, and no inherited key", () => {
    const claims = { "https://a.example/roles": 1, "a.b": 2, a: { b: 3, c: { d: 4 } }, e: null };
    expect(lookUp(claims, "https://a.example/roles")).toBe(1);
    expect(lookUp(claims, "a.b")).toBe(2);
    expect(lookUp(claims, "a.c.d")).toBe(4);
    for (const name of ["a.x", "x", "x.y", "constructor", "a.constructor.name", "", "."]) {
      expect(lookUp(claims, name), name).toBeUndefined();
    }
    // A value in the way does not count as absent.
    expect(lookUp({ a: "text" }, "a.b")).toBeNull();
    expect(lookUp({ a: ["list"] }, "a.length")).toBeNull();
    expect(lookUp(claims, "e.f")).toBeNull();
  });
});

describe("SESSION_CLAIMS", () => {
  const own = {
    SESSION_CLAIMS: JSON.stringify({
      id: "user_id",
      name: "preferred_username",
      picture: "https://a.example/picture",
      roles: "realm_access.roles",
      rooms: "app.rooms",
      session: "session_state",
    }),
  };
  const claims = {
    sub: "not this",
    user_id: 7,
    preferred_username: "Ada",
    "https://a.example/picture": "/ada.png",
    realm_access: { roles: ["staff"] },
    app: { rooms: ["lobby"] },
    session_state: "s1",
  };

  it("[A2.16] names the claims that a session is read from", async () => {
    expect(await check(await signIn("ada", claims), own)).toMatchObject({
      user: { id: "7", name: "Ada", image: "/ada.png" },
      roles: ["staff"],
      rooms: ["lobby"],
      id: "s1",
    });
  });

  it("[A2.16, O3.2] is what the log calls them", async () => {
    for (const [more, detail] of [
      [{ user_id: undefined }, 'claim "user_id": missing'],
      [{ realm_access: { roles: {} } }, 'claim "realm_access.roles": not a list'],
      [{ app: { rooms: null } }, 'claim "app.rooms": not a list'],
      // Unreadable rooms must not count as absent, which would give access to every room.
      [{ app: "lobby" }, 'claim "app.rooms": not a list'],
      [{ app: ["lobby"] }, 'claim "app.rooms": not a list'],
      [{ app: null }, 'claim "app.rooms": not a list'],
    ] as [JWTPayload, string][]) {
      lines = [];
      const token = await signIn("ada", { ...claims, ...more });
      const answer = await askConfigured(own, "/rooms/lobby", { Authorization: `Bearer ${token}` });
      expect(await refusal(answer)).toEqual(INVALID);
      expect(lines[0]).toMatchObject({ detail });
    }
  });

  it("[A2.5, A2.16] allows no path as a picture where users can write the claim", async () => {
    for (const outer of ["user_metadata", "unsafe_metadata"]) {
      const config = { SESSION_CLAIMS: JSON.stringify({ picture: `${outer}.avatar` }) };
      const shown = async (avatar: string) =>
        (await check(await signIn("ada", { [outer]: { avatar } }), config)).user.image;
      expect(await shown("/ada.png")).toBeUndefined();
      expect(await shown("https://a.example/ada.png")).toBe("https://a.example/ada.png");
    }
  });

  it("[A2.16, O2.1] of another shape is a fault of the configuration", () => {
    for (const text of ["user_id", "[]", '"x"', '{"id":7}', '{"sub":"x"}', '{"id":""}']) {
      const { faults } = parseConfig({ SESSION_SECRET: SECRET, SESSION_CLAIMS: text } as Env);
      expect(faults, text).toEqual([expect.stringContaining("SESSION_CLAIMS: must be a JSON")]);
    }
  });
});

describe("algorithms", () => {
  const sign = (alg: string, key: CryptoKey | Uint8Array) =>
    new SignJWT({ sub: "ada", exp: Math.floor(Date.now() / 1000) + 600 })
      .setProtectedHeader({ alg })
      .sign(key);

  it("[A2.7] HS256, HS384 and HS512 are good by any of the secrets", async () => {
    const both = { SESSION_SECRET: `${"n".repeat(32)},${SECRET}` };
    for (const alg of ["HS256", "HS384", "HS512"]) {
      // jose wants a key as long as the hash to sign; what signs elsewhere does not.
      const hash = `SHA-${alg.slice(2)}`;
      const key = await crypto.subtle.importKey(
        "raw",
        new TextEncoder().encode(SECRET),
        { name: "HMAC", hash },
        false,
        ["sign"],
      );
      expect((await check(await sign(alg, key), both)).user.id).toBe("ada");
    }
  });

  it.each(["RS256", "PS256", "ES256", "ES384", "EdDSA"])(
    "[A2.7] %s is good by a key set",
    async (alg) => {
      const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
      const jwk = { ...(await exportJWK(publicKey)), alg };
      vi.spyOn(globalThis, "fetch").mockImplementation(async () => Response.json({ keys: [jwk] }));
      const keys = { SESSION_JWKS_URL: `https://keys.example.com/${alg}` };
      expect((await check(await sign(alg, privateKey), keys)).user.id).toBe("ada");
    },
  );
});

describe("clocks that differ", () => {
  const now = () => Math.floor(Date.now() / 1000);

  it("[A2.8] nbf may be 60 s ahead, and exp 5 s ago", async () => {
    const code = (claims: JWTPayload) =>
      signIn("ada", claims)
        .then((token) => check(token))
        .then(
          () => "good",
          (error) => (error as { code: string }).code,
        );
    expect(await code({ nbf: now() + 55 })).toBe("good");
    expect(await code({ nbf: now() + 70 })).toBe("session_invalid");
    expect(await code({ exp: now() - 2 })).toBe("good");
    expect(await code({ exp: now() - 10 })).toBe("session_expired");
    expect(await code({ exp: now() - 70 })).toBe("session_expired");
  });
});

describe("keys that many apps share", () => {
  const shared = [
    "https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com",
    "https://identitytoolkit.googleapis.com/v1/sessionCookiePublicKeys",
    "https://login.microsoftonline.com/common/discovery/v2.0/keys",
  ];
  const both = { SESSION_ISSUER: "https://i.example", SESSION_AUDIENCE: "a" };

  it.each(shared)("[A2.9, O2.1] need an issuer and an audience: %s", (url) => {
    const faults = (more: Partial<Env>) =>
      parseConfig({ SESSION_JWKS_URL: url, ...more } as Env).faults;
    expect(faults({})).toEqual([
      expect.stringMatching(/^SESSION_ISSUER: is missing/),
      expect.stringMatching(/^SESSION_AUDIENCE: is missing/),
    ]);
    expect(faults({ SESSION_ISSUER: "https://i.example" })).toHaveLength(1);
    expect(faults(both)).toEqual([]);
  });

  it("[A2.9, O2.2] others without both are told of in one log line", () => {
    const env = { SESSION_JWKS_URL: "https://id.example.com/jwks" } as Env;
    configOf(env);
    configOf(env);
    expect(lines).toEqual([
      { event: "warning", reason: expect.stringContaining("SESSION_ISSUER") },
    ]);
    expect(parseConfig({ ...env, SESSION_AUDIENCE: "a" }).warnings).toEqual([]);
    expect(parseConfig({ ...env, SESSION_FORMAT: "kv" }).warnings).toEqual([]);
  });
});
