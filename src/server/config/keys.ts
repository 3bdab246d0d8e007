import * as v from "valibot";
import type { DirectoryObject } from "../directory/directory-object.ts";
import type { HubObject } from "../large/hub-object.ts";
import { FORMATS } from "../session/index.ts";
import {
  binding,
  fixedHeaders,
  isOrigin,
  isWebhookUrl,
  largeRooms,
  ownClaims,
  plainText,
  roomPatterns,
  secretList,
  splitList,
  trustedUrl,
  wholeNumber,
  yesOrNo,
} from "./value-schemas.ts";

const COOKIE_NAME = /^[\w!#$%&'*.^`|~+-]{1,128}$/;
const MAX_COOKIES = 20;
/** It is sent in a header: visible ASCII, and no comma, which separates keys. */
const SERVER_KEY = /^[!-+\--~]{32,}$/;
/** As Standard Webhooks specify it: 24 to 64 bytes. */
const WEBHOOK_SECRET =
  /^whsec_(?:[A-Za-z0-9+/]{4}){8,21}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
/** The platform allows 32,768 hibernatable sockets per object; some are reserved for closing ones. */
const MAX_ROOM_SIZE = 32_000;

const formatNames = Object.keys(FORMATS) as (keyof typeof FORMATS)[];

/** One entry for each key: its schema, its default, and the message for a bad value. */
const KEYS = {
  SESSION_FORMAT: v.optional(
    v.picklist(formatNames, `must be one of: ${formatNames.join(", ")}`),
    "jwt",
  ),
  SESSION_COOKIE: v.optional(
    v.pipe(
      plainText,
      v.transform(splitList),
      v.check(
        (names) => names.length <= MAX_COOKIES && names.every((name) => COOKIE_NAME.test(name)),
        `must be a cookie's name, or up to ${MAX_COOKIES} separated by commas`,
      ),
    ),
    "",
  ),
  SESSION_SECRET: secretList,
  SESSION_JWKS_URL: trustedUrl,
  SESSION_ISSUER: v.optional(v.pipe(plainText, v.nonEmpty("must not be empty"))),
  SESSION_AUDIENCE: v.optional(v.pipe(plainText, v.nonEmpty("must not be empty"))),
  SESSION_CLAIMS: ownClaims,
  SESSION_INTROSPECTION_URL: trustedUrl,
  SESSION_INTROSPECTION_HEADERS: fixedHeaders,
  SESSION_SECONDS: wholeNumber(3600, 1, 31_536_000),
  SESSIONS: binding<KVNamespace>("get", "a KV namespace"),
  ALLOWED_ORIGINS: v.optional(
    v.pipe(
      plainText,
      v.transform(splitList),
      v.check(
        (origins) => origins.every(isOrigin),
        "must be origins like https://app.example.com, separated by commas",
      ),
    ),
    "",
  ),
  MAX_CONNECTIONS_PER_USER: wholeNumber(20, 1, 1000),
  MAX_CONNECTIONS_PER_ROOM: wholeNumber(10_000, 1, MAX_ROOM_SIZE),
  MAX_ROOMS_PER_USER: wholeNumber(100, 1, 1000),
  MAX_REMEMBERED: wholeNumber(1_000, 0, MAX_ROOM_SIZE),
  STALE_SECONDS: wholeNumber(45, 3, 86_400),
  GRACE_SECONDS: wholeNumber(8, 0, 86_400),
  RETENTION_SECONDS: wholeNumber(86_400, 0, 31_536_000),
  TICKET_SECRET: secretList,
  TICKET_SECONDS: wholeNumber(60, 1, 3_600),
  IN_BAND_AUTH: yesOrNo,
  SERVER_KEY: v.optional(
    v.pipe(
      plainText,
      v.transform(splitList),
      v.check(
        (keys) => keys.every((key) => SERVER_KEY.test(key)),
        "each key must have at least 32 characters of visible ASCII",
      ),
    ),
    "",
  ),
  RENEW: v.optional(v.picklist(["client", "server"], "must be client or server"), "client"),
  JURISDICTION: v.optional(v.picklist(["", "eu", "fedramp"], "must be eu, fedramp or empty"), ""),
  DIRECTORY: binding<DurableObjectNamespace<DirectoryObject>>("getByName", "the Directory class"),
  WEBHOOK_URL: v.optional(
    v.pipe(
      plainText,
      v.check((url) => url === "" || isWebhookUrl(url), "must be an https URL"),
    ),
    "",
  ),
  WEBHOOK_SECRET: v.optional(
    v.pipe(
      plainText,
      v.transform(splitList),
      v.check(
        (secrets) => secrets.every((secret) => WEBHOOK_SECRET.test(secret)),
        "each secret must be whsec_ followed by 24 to 64 bytes in base64",
      ),
    ),
    "",
  ),
  WEBHOOK_ALLOW_PRIVATE: yesOrNo,
  METRICS: binding<AnalyticsEngineDataset>("writeDataPoint", "an Analytics Engine dataset"),
  PUBLIC_COUNTS: roomPatterns,
  WINDOW_ROOMS: roomPatterns,
  SIGNALS: yesOrNo,
  LARGE_ROOMS: largeRooms,
  HUBS: binding<DurableObjectNamespace<HubObject>>("getByName", "the Hub class"),
};

/** The value of each key. */
export type Values = { readonly [Key in keyof typeof KEYS]: v.InferOutput<(typeof KEYS)[Key]> };

/**
 * Reads every key. Each fault is `KEY: why`, without the value; a faulty key gets its default.
 *
 * @example
 * readKeys({ STALE_SECONDS: "soon" }).faults; // ["STALE_SECONDS: must be a whole number from …"]
 */
export function readKeys(env: object): { values: Values; faults: string[] } {
  const faults: string[] = [];
  const values = Object.entries(KEYS).map(([key, schema]) => {
    const result = v.safeParse(schema, (env as Record<string, unknown>)[key]);
    if (result.success) return [key, result.output];
    faults.push(`${key}: ${result.issues[0].message}`);
    return [key, v.parse(schema, undefined)];
  });
  return { values: Object.fromEntries(values) as Values, faults };
}
