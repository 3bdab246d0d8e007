import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT, type JWTPayload } from "jose";
import {
  alterEach,
  invalid,
  MALFORMED,
  otherKey,
  expired,
  forgedAndExpired,
  noServer,
  SECRET,
  type Attack,
  type Subject,
} from "./attack.ts";

const NOW = Date.UTC(2026, 10, 22, 12);
const JWKS_URL = "https://keys.example.com/attacks";

export async function makeJwtSubjects(): Promise<Subject[]> {
  const seconds = NOW / 1000;
  const claims = { sub: "ada", iat: seconds, exp: seconds + 3600 };
  const keyOf = (secret: string) => new TextEncoder().encode(secret);
  const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
  const other = await generateKeyPair("ES256");
  const jwk = { ...(await exportJWK(publicKey)), kid: "k1", alg: "ES256" };
  const sign = (key: CryptoKey | Uint8Array, alg: string, payload: JWTPayload = claims) =>
    new SignJWT(payload).setProtectedHeader({ alg, kid: "k1" }).sign(key);
  const twice = (token: string) => ({ cookie: token, bearer: token });
  const unsecured = new UnsecuredJWT(claims).encode();
  const asSecret = await sign(keyOf(JSON.stringify(jwk)), "HS256");

  const common = [
    ...MALFORMED,
    { name: "altered", token: (good: string) => alterEach(good, "."), code: invalid },
    { name: "unsecured", token: () => unsecured, code: invalid },
    expired(NOW),
    forgedAndExpired(NOW, "."),
  ] satisfies Attack[];
  const shapes = async (key: CryptoKey | Uint8Array, alg: string) =>
    Promise.all(
      [
        { ...claims, sub: undefined },
        { ...claims, sub: "" },
        { ...claims, exp: undefined },
        { ...claims, roles: {} },
        { ...claims, rooms: null },
        { ...claims, rooms: "lobby" },
        { ...claims, azp: "https://evil.example.com" },
        { ...claims, azp: ["https://app.example.com"] },
      ].map((payload) => sign(key, alg, payload as JWTPayload)),
    );
  const [bySecret, byKey] = [
    await shapes(keyOf(SECRET), "HS256"),
    await shapes(privateKey, "ES256"),
  ];
  const byOther = await sign(other.privateKey, "ES256");
  return [
    {
      name: "jwt with a secret",
      env: { SESSION_FORMAT: "jwt", SESSION_SECRET: SECRET },
      now: NOW,
      cookie: "session",
      token: twice(await sign(keyOf(SECRET), "HS256")),
      fetch: noServer,
      attacks: [
        ...common,
        otherKey,
        { name: "of the wrong shape", token: () => bySecret, code: invalid },
        { name: "a public key's", token: () => byOther, code: invalid },
      ],
    },
    {
      name: "jwt with a key set",
      env: { SESSION_FORMAT: "jwt", SESSION_SECRET: "", SESSION_JWKS_URL: JWKS_URL },
      now: NOW,
      cookie: "session",
      token: twice(await sign(privateKey, "ES256")),
      fetch: async () => Response.json({ keys: [jwk] }),
      attacks: [
        ...common,
        { name: "another key", token: () => byOther, code: invalid },
        { name: "of the wrong shape", token: () => byKey, code: invalid },
        { name: "the public key as a secret", token: () => asSecret, code: invalid },
      ],
    },
  ];
}
