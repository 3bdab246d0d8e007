import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { exportJWK, generateKeyPair, SignJWT, type JWK, type JWTPayload } from "jose";
import { parseConfig } from "../../../src/server/config/parse.ts";
import type { Env } from "../../../src/server/env.ts";
import { verifyCredential } from "../../../src/server/session/index.ts";
import { sealSession } from "../../../src/server/session/seal.ts";
import { claimsOf, settingsOf } from "./pages.ts";

const NOW = Date.UTC(2026, 10, 22, 12);
const seconds = NOW / 1000;

/** The user of each page's token, with that page's settings. */
const SHOWN: Record<string, { id: string; name: string; image?: string; roles?: string[] }> = {
  auth0: { id: "auth0|123456", name: "Ada Lovelace", roles: ["staff"] },
  clerk: {
    id: "user_2GbDB4enHdCa5vS1zpC3Xzg9tK9",
    name: "Ada Lovelace",
    image: "https://img.clerk.com/ada",
  },
  cognito: { id: "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", name: "Ada Lovelace", roles: ["staff"] },
  descope: { id: "U2abc", name: "Ada Lovelace", roles: ["staff"] },
  entra: { id: "690222be-ff1a-4d56-abd1-7e4f7d38e474", name: "Ada Lovelace", roles: ["staff"] },
  firebase: {
    id: "ada",
    name: "Ada Lovelace",
    image: "https://lh3.googleusercontent.com/a/ada",
  },
  keycloak: {
    id: "36fa0f91-f94d-4a0c-afed-6b7d952e47da",
    name: "Ada Lovelace",
    roles: ["staff", "offline_access"],
  },
  kinde: { id: "kp_0123456789", name: "Ada", image: "https://shop.kinde.com/ada.png" },
};

let key: CryptoKey;
let jwk: JWK;
beforeAll(async () => {
  const pair = await generateKeyPair("RS256");
  key = pair.privateKey;
  jwk = { ...(await exportJWK(pair.publicKey)), kid: "k1", alg: "RS256" };
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** Checks a token of these claims, issued now, with the settings of a page. */
async function check(settings: Partial<Env>, claims: JWTPayload) {
  const fetched = vi.spyOn(globalThis, "fetch").mockImplementation(async (url) => {
    expect(url).toBe(settings.SESSION_JWKS_URL);
    return Response.json({ keys: [jwk] });
  });
  const { session: config, faults, warnings, allowedOrigins } = parseConfig(settings as Env);
  expect([...faults, ...warnings]).toEqual([]);
  const times = { iat: seconds, ...(claims.nbf && { nbf: seconds }), exp: seconds + 600 };
  const token = await new SignJWT({ ...claims, ...times })
    .setProtectedHeader({ alg: "RS256", kid: "k1" })
    .sign(key);
  const allowsOrigin = (origin: string) => allowedOrigins.has(origin);
  const context = { now: NOW, allowsOrigin };
  const candidate = await verifyCredential({ kind: "bearer", token }, config, context);
  expect(fetched.mock.calls.length).toBeLessThanOrEqual(1);
  return sealSession(candidate, { now: NOW, sessionMs: config.sessionMs });
}

describe.each(Object.entries(SHOWN))("the page of %s", (page, { roles = [], ...user }) => {
  const [settings = {}] = settingsOf(page);
  const claims = claimsOf(page);
  const refused = { code: "session_invalid" };

  it("[A2.11, A2.16] has settings with which the token that it shows is read", async () => {
    expect(await check(settings, claims)).toMatchObject({ user, roles });
  });

  it("[A2.9, A2.10, A5.5] has settings that refuse what another issuer, audience or origin has", async () => {
    const other = "https://evil.example.com";
    await expect(check(settings, { ...claims, iss: other })).rejects.toMatchObject(refused);
    await expect(check(settings, { ...claims, azp: other })).rejects.toMatchObject(refused);
    if (settings.SESSION_AUDIENCE === undefined) return;
    await expect(check(settings, { ...claims, aud: "elsewhere" })).rejects.toMatchObject(refused);
    const { aud: _, ...without } = claims;
    await expect(check(settings, without)).rejects.toMatchObject(refused);
  });
});

describe("the page of jwt", () => {
  it("[A2.9] has settings for any other provider", async () => {
    const [settings = {}] = settingsOf("jwt");
    const claims = { iss: settings.SESSION_ISSUER!, aud: settings.SESSION_AUDIENCE!, sub: "ada" };
    expect((await check(settings, claims)).user).toEqual({ id: "ada" });
  });
});

describe("the page of firebase", () => {
  it("[A2.9] has settings for ID tokens as well", async () => {
    const issuer = "https://securetoken.google.com/shop-1";
    const settings = {
      ...settingsOf("firebase")[0],
      SESSION_JWKS_URL:
        "https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com",
      SESSION_ISSUER: issuer,
    };
    const { user } = await check(settings, { ...claimsOf("firebase"), iss: issuer });
    expect(user).toMatchObject({ id: "ada" });
  });
});
