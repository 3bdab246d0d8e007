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

/** Keys that many apps share do not tell whose token it is; issuer and audience do (SPEC A2). */
export function sharedKeyFaults({ jwksUrl, issuer, audience }: Keys): readonly string[] {
  if (jwksUrl === undefined || !isShared(jwksUrl)) return [];
  const why = "is missing, and the keys at SESSION_JWKS_URL sign the tokens of other apps, too";
  return [
    ...(issuer === undefined ? [`SESSION_ISSUER: ${why}`] : []),
    ...(audience === undefined ? [`SESSION_AUDIENCE: ${why}`] : []),
  ];
}

/** Other keys may be the app's own; that is not known here. */
export function keySetWarnings({ jwksUrl, issuer, audience }: Keys): readonly string[] {
  if (jwksUrl === undefined || isShared(jwksUrl)) return [];
  if (issuer !== undefined || audience !== undefined) return [];
  return [
    "SESSION_ISSUER: is not set, and neither is SESSION_AUDIENCE: any token of the keys at SESSION_JWKS_URL is taken",
  ];
}
