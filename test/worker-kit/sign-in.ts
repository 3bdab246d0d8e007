import { env } from "cloudflare:workers";
import { SignJWT, type JWTPayload } from "jose";

type Claims = { [Claim in keyof JWTPayload]: JWTPayload[Claim] | undefined };

/** Signs a session token as an app would; `claims` replace the usual ones, `undefined` removes one. */
export async function signIn(
  user: string,
  claims: Claims = {},
  secret = env.SESSION_SECRET!,
): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const payload = { sub: user, iat: now, exp: now + 3600, ...claims } as JWTPayload;
  return new SignJWT(payload)
    .setProtectedHeader({ alg: "HS256" })
    .sign(new TextEncoder().encode(secret));
}
