import * as v from "valibot";
import type { DirectoryObject } from "../directory/directory-object.ts";
import type { HubObject } from "../large/hub-object.ts";
import { CLAIM_KEYS, isRecord } from "../session/claims.ts";
import { FORMATS } from "../session/index.ts";
import { isTrustedUrl } from "./trusted-url.ts";

const MIN_SECRET_BYTES = 32;
const COOKIE_NAME = /^[\w!#$%&'*.^`|~+-]{1,128}$/;
const MAX_COOKIES = 20;
/** It is sent in a header: visible ASCII, and no comma, which separates keys. */
const SERVER_KEY = /^[!-+\--~]{32,}$/;
/** As Standard Webhooks specify it: 24 to 64 bytes. */
const WEBHOOK_SECRET =
  /^whsec_(?:[A-Za-z0-9+/]{4}){8,21}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
/** The platform allows 32,768 hibernatable sockets per object; some are reserved for closing ones. */
const MAX_ROOM_SIZE = 32_000;

/** A custom message: the library's would quote the value, which may be a secret. */
const plainText = v.string("must be a string");

const splitList = (text: string) =>
  text
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");

/** A secret that contains a comma must be in a JSON list. */
const splitSecrets = (text: string): string[] | undefined => {
  if (!text.trimStart().startsWith("[")) return splitList(text);
  try {
    return v.parse(v.array(v.string()), JSON.parse(text));
  } catch {
    return undefined;
  }
};

const wholeNumber = (fallback: number, least: number, most: number) => {
  const fault = `must be a whole number from ${least} to ${most}`;
  return v.optional(
    v.pipe(
      v.union([v.string(), v.number()], fault),
      v.transform((value) => (String(value).trim() === "" ? Number.NaN : Number(value))),
      v.check((value) => Number.isInteger(value) && value >= least && value <= most, fault),
    ),
    fallback,
  );
};

const secretList = v.optional(
  v.pipe(
    plainText,
    v.transform(splitSecrets),
    v.array(v.string(), "must be secrets separated by commas, or a JSON list of them"),
    v.check(
      (secrets) =>
        secrets.every((secret) => new TextEncoder().encode(secret).length >= MIN_SECRET_BYTES),
      `each secret must have at least ${MIN_SECRET_BYTES} bytes`,
    ),
  ),
  "",
);

const CLAIMS_FAULT = `must be a JSON object like {"id":"user_id"}, of strings named ${CLAIM_KEYS.join(", ")}`;
const claimName = v.optional(v.pipe(v.string(CLAIMS_FAULT), v.nonEmpty(CLAIMS_FAULT)));

/** Returns `undefined` if a text is not a JSON object. */
const readObject = (text: string) => {
  try {
    const json: unknown = JSON.parse(text);
    return isRecord(json) ? json : undefined;
  } catch {
    return undefined;
  }
};

const ownClaims = v.optional(
  v.pipe(
    plainText,
    v.transform((text) => (text.trim() === "" ? {} : readObject(text))),
    v.strictObject(v.entriesFromList(CLAIM_KEYS, claimName), CLAIMS_FAULT),
  ),
  "",
);

/** Headers that the service sets itself. */
const isOwnHeader = (name: string) => /^(?:cookie|accept|host)$/i.test(name);

const parseHeaders = (text: string): Record<string, string> | undefined => {
  try {
    const headers = v.parse(v.record(v.string(), v.string()), readObject(text));
    // Throws if a name or value is invalid.
    const names = [...new Headers(headers).keys()];
    return names.some(isOwnHeader) ? undefined : headers;
  } catch {
    return undefined;
  }
};

const fixedHeaders = v.optional(
  v.pipe(
    plainText,
    v.transform((text) => (text.trim() === "" ? {} : parseHeaders(text))),
    v.record(
      v.string(),
      v.string(),
      'must be a JSON object of headers, like {"Referer":"https://app.example.com"}, without Cookie',
    ),
  ),
  "",
);

const ROOM_PATTERN = /^(?:[A-Za-z0-9][A-Za-z0-9._:~-]{0,127})?\*?$/;

const roomPatterns = v.optional(
  v.pipe(
    plainText,
    v.transform(splitList),
    v.check(
      (patterns) => patterns.every((pattern) => ROOM_PATTERN.test(pattern)),
      "must be names of rooms separated by commas, each with a * at its end or without",
    ),
  ),
  "",
);

const LARGE_FAULT =
  "must be names of rooms, each with a * at its end or without, = and 2 to 64 shards, separated by commas";

const parseLarge = (entry: string) => {
  const [pattern = "", count = "", ...rest] = entry.split("=").map((part) => part.trim());
  const shards = /^\d{1,2}$/.test(count) ? Number(count) : 0;
  const isGood =
    pattern !== "" &&
    ROOM_PATTERN.test(pattern) &&
    shards >= 2 &&
    shards <= 64 &&
    rest.length === 0;
  return isGood ? { pattern, shards } : null;
};

const largeRooms = v.optional(
  v.pipe(
    plainText,
    v.transform((text) => splitList(text).map(parseLarge)),
    v.check((rooms) => !rooms.includes(null), LARGE_FAULT),
    v.transform((rooms) => rooms.filter((room) => room !== null)),
  ),
  "",
);

const isOrigin = (text: string) => URL.canParse(text) && new URL(text).origin === text;

const trustedUrl = v.optional(
  v.pipe(plainText, v.check(isTrustedUrl, "must be an https URL (http for localhost only)")),
);

/** Whether a URL can be requested as it is: without parts that a request does not send. */
const isWebhookUrl = (text: string) => {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  return /^https?:$/.test(protocol) && username === "" && password === "";
};

const YES_OR_NO = "must be true or false";

const yesOrNo = v.optional(
  v.pipe(
    v.union([v.string(), v.boolean()], YES_OR_NO),
    v.transform(String),
    v.picklist(["true", "false"], YES_OR_NO),
  ),
  "false",
);

const binding = <Binding>(method: string, what: string) =>
  v.optional(
    v.custom<Binding>(
      (value) =>
        typeof (value as Record<string, unknown> | null | undefined)?.[method] === "function",
      `must be the binding of ${what}`,
    ),
  );

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
        "each key must have at least 32 characters, of visible ASCII",
      ),
    ),
    "",
  ),
  RENEW: v.optional(v.picklist(["client", "server"], "must be client or server"), "client"),
  JURISDICTION: v.optional(
    v.picklist(["", "eu", "fedramp"], "must be eu or fedramp, or empty"),
    "",
  ),
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
