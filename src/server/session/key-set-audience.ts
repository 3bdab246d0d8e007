import type { SessionConfig } from "../config/config.ts";

/** Issuers whose keys sign the tokens of all their customers. */
const SHARED_HOSTS: ReadonlySet<string> = new Set([
  "www.googleapis.com",
  "identitytoolkit.googleapis.com",
  "login.microsoftonline.com",
  "login.microsoftonline.us",
  "login.partner.microsoftonline.cn",
  "login.windows.net",
  "sts.windows.net",
  "appleid.apple.com",
]);

type Keys = Pick<SessionConfig, "jwksUrl" | "issuer" | "audience">;

function isShared(url: string): boolean {
  return URL.canParse(url) && SHARED_HOSTS.has(new URL(url).hostname);
}

/** Shared keys do not identify the app of a token; issuer and audience do (SPEC A2). */
export function sharedKeyFaults({ jwksUrl, issuer, audience }: Keys): readonly string[] {
  if (jwksUrl === undefined || !isShared(jwksUrl)) return [];
  const why = "is missing; the keys at SESSION_JWKS_URL also sign the tokens of other apps";
  return [
    ...(issuer === undefined ? [`SESSION_ISSUER: ${why}`] : []),
    ...(audience === undefined ? [`SESSION_AUDIENCE: ${why}`] : []),
  ];
}

/** Other keys may belong to the app alone; this is unknown here. */
export function keySetWarnings({ jwksUrl, issuer, audience }: Keys): readonly string[] {
  if (jwksUrl === undefined || isShared(jwksUrl)) return [];
  if (issuer !== undefined || audience !== undefined) return [];
  return [
    "SESSION_ISSUER: is not set, and neither is SESSION_AUDIENCE: any token signed by the keys at SESSION_JWKS_URL is accepted",
  ];
}
