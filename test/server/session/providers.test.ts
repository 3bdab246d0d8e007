import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { exportJWK, generateKeyPair, SignJWT, type JWK, type JWTPayload } from "jose";
import { parseConfig } from "../../../src/server/config/parse.ts";
import type { Env } from "../../../src/server/env.ts";
import { verifyCredential } from "../../../src/server/session/index.ts";
import { sealSession } from "../../../src/server/session/seal.ts";

const NOW = Date.UTC(2026, 10, 22, 12);
const seconds = NOW / 1000;

interface Provider {
  vars: Partial<Env>;
  claims: JWTPayload;
  user: object;
  roles?: string[];
}

/** Tokens of the shape that each provider documents, and the settings of its page. */
const PROVIDERS: Record<string, Provider> = {
  "Firebase session cookie": {
    vars: {
      SESSION_JWKS_URL: "https://identitytoolkit.googleapis.com/v1/sessionCookiePublicKeys",
      SESSION_ISSUER: "https://session.firebase.google.com/shop-1",
      SESSION_AUDIENCE: "shop-1",
    },
    claims: {
      iss: "https://session.firebase.google.com/shop-1",
      aud: "shop-1",
      name: "Ada",
      picture: "https://lh3.googleusercontent.com/a/ada",
      auth_time: seconds,
      user_id: "ada",
      firebase: { identities: {}, sign_in_provider: "google.com" },
    },
    user: { id: "ada", name: "Ada", image: "https://lh3.googleusercontent.com/a/ada" },
  },
  Keycloak: {
    vars: {
      SESSION_JWKS_URL: "https://id.example.com/realms/shop/protocol/openid-connect/certs",
      SESSION_ISSUER: "https://id.example.com/realms/shop",
      SESSION_AUDIENCE: "presence",
      SESSION_CLAIMS: '{"name":"name","roles":"realm_access.roles"}',
    },
    claims: {
      iss: "https://id.example.com/realms/shop",
      aud: ["presence", "account"],
      typ: "Bearer",
      azp: "web",
      realm_access: { roles: ["staff"] },
      name: "Ada",
      preferred_username: "ada",
    },
    user: { id: "ada", name: "Ada" },
    roles: ["staff"],
  },
  Entra: {
    vars: {
      SESSION_JWKS_URL: "https://login.microsoftonline.com/t1/discovery/v2.0/keys",
      SESSION_ISSUER: "https://login.microsoftonline.com/t1/v2.0",
      SESSION_AUDIENCE: "app-1",
      SESSION_CLAIMS: '{"id":"oid"}',
    },
    claims: {
      iss: "https://login.microsoftonline.com/t1/v2.0",
      aud: "app-1",
      azp: "app-1",
      oid: "0d5c7a52",
      tid: "t1",
      ver: "2.0",
      name: "Ada",
    },
    user: { id: "0d5c7a52", name: "Ada" },
  },
  Cognito: {
    vars: {
      SESSION_JWKS_URL: "https://cognito-idp.eu-west-1.amazonaws.com/p/.well-known/jwks.json",
      SESSION_ISSUER: "https://cognito-idp.eu-west-1.amazonaws.com/p",
      SESSION_AUDIENCE: "client-1",
      SESSION_CLAIMS: '{"name":"name","roles":"cognito:groups"}',
    },
    claims: {
      iss: "https://cognito-idp.eu-west-1.amazonaws.com/p",
      aud: "client-1",
      token_use: "id",
      "cognito:groups": ["staff"],
      "cognito:username": "ada",
      name: "Ada",
    },
    user: { id: "ada", name: "Ada" },
    roles: ["staff"],
  },
  Auth0: {
    vars: {
      SESSION_JWKS_URL: "https://shop.eu.auth0.com/.well-known/jwks.json",
      SESSION_ISSUER: "https://shop.eu.auth0.com/",
      SESSION_AUDIENCE: "https://presence.example.com",
      SESSION_CLAIMS: '{"roles":"https://app.example.com/roles"}',
    },
    claims: {
      iss: "https://shop.eu.auth0.com/",
      aud: ["https://presence.example.com", "https://shop.eu.auth0.com/userinfo"],
      azp: "client-1",
      "https://app.example.com/roles": ["staff"],
    },
    user: { id: "ada" },
    roles: ["staff"],
  },
  Clerk: {
    vars: {
      SESSION_JWKS_URL: "https://clerk.example.com/.well-known/jwks.json",
      SESSION_ISSUER: "https://clerk.example.com",
    },
    claims: {
      iss: "https://clerk.example.com",
      azp: "https://app.example.com",
      sts: "active",
      name: "Ada",
      picture: "https://img.clerk.com/ada",
    },
    user: { id: "ada", name: "Ada", image: "https://img.clerk.com/ada" },
  },
  Kinde: {
    vars: {
      SESSION_JWKS_URL: "https://shop.kinde.com/.well-known/jwks",
      SESSION_ISSUER: "https://shop.kinde.com",
      SESSION_AUDIENCE: "presence",
      SESSION_CLAIMS: '{"name":"given_name"}',
    },
    claims: {
      iss: "https://shop.kinde.com",
      aud: ["presence"],
      azp: "client-1",
      given_name: "Ada",
      org_code: "org_1",
    },
    user: { id: "ada", name: "Ada" },
  },
  Descope: {
    vars: {
      SESSION_JWKS_URL: "https://api.descope.com/P1/.well-known/jwks.json",
      SESSION_ISSUER: "https://api.descope.com/P1",
      SESSION_CLAIMS: '{"name":"name","roles":"tenants.T1.roles"}',
    },
    claims: {
      iss: "https://api.descope.com/P1",
      drn: "DS",
      amr: ["email"],
      name: "Ada",
      tenants: { T1: { roles: ["staff"] } },
    },
    user: { id: "ada", name: "Ada" },
    roles: ["staff"],
  },
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

async function check({ vars }: Provider, claims: JWTPayload) {
  vi.spyOn(globalThis, "fetch").mockImplementation(async (url) => {
    expect(url).toBe(vars.SESSION_JWKS_URL);
    return Response.json({ keys: [jwk] });
  });
  const { session: config, faults } = parseConfig(vars as Env);
  expect(faults).toEqual([]);
  const token = await new SignJWT({ sub: "ada", iat: seconds, exp: seconds + 600, ...claims })
    .setProtectedHeader({ alg: "RS256", kid: "k1" })
    .sign(key);
  const allowsOrigin = (origin: string) => origin === "https://app.example.com";
  const candidate = await verifyCredential({ kind: "bearer", token }, config, {
    now: NOW,
    allowsOrigin,
  });
  return sealSession(candidate, { now: NOW, sessionMs: config.sessionMs });
}

describe.each(Object.entries(PROVIDERS))("a token of the shape of %s", (_name, provider) => {
  it("[A2.11, A2.16] is read with the settings of its page", async () => {
    const { user, roles = [] } = provider;
    expect(await check(provider, provider.claims)).toMatchObject({ user, roles });
  });

  it("[A2.9, A5.5] is refused of another issuer, and for another audience where one is set", async () => {
    const other = { ...provider.claims, iss: "https://evil.example.com" };
    await expect(check(provider, other)).rejects.toMatchObject({ code: "session_invalid" });
    if (provider.vars.SESSION_AUDIENCE === undefined) return;
    const elsewhere = { ...provider.claims, aud: "elsewhere" };
    await expect(check(provider, elsewhere)).rejects.toMatchObject({ code: "session_invalid" });
  });
});
