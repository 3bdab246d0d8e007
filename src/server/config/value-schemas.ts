import * as v from "valibot";
import { CLAIM_KEYS, isRecord } from "../session/claims.ts";
import { isTrustedUrl } from "./trusted-url.ts";

const MIN_SECRET_BYTES = 32;

/** A custom message: the library's would quote the value, which may be a secret. */
export const plainText = v.string("must be a string");

/** Splits a list at its commas. */
export const splitList = (text: string) =>
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

/** A whole number within bounds. */
export const wholeNumber = (fallback: number, least: number, most: number) => {
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

/** Secrets separated by commas, or a JSON list of them. */
export const secretList = v.optional(
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

const CLAIMS_FAULT = `must be a JSON object like {"id":"user_id"}, of strings, with no keys but ${CLAIM_KEYS.join(", ")}`;
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

/** `SESSION_CLAIMS`. */
export const ownClaims = v.optional(
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

/** A JSON object of headers. */
export const fixedHeaders = v.optional(
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

/** Names of rooms, separated by commas; a trailing `*` matches any rest. */
export const roomPatterns = v.optional(
  v.pipe(
    plainText,
    v.transform(splitList),
    v.check(
      (patterns) => patterns.every((pattern) => ROOM_PATTERN.test(pattern)),
      "must be names of rooms, separated by commas; a name may end in *",
    ),
  ),
  "",
);

const LARGE_FAULT =
  "must be entries like lobby=8, separated by commas: a name, which may end in *, and 2 to 64 shards";

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

/** `LARGE_ROOMS`: names of rooms, and the number of shards of each. */
export const largeRooms = v.optional(
  v.pipe(
    plainText,
    v.transform((text) => splitList(text).map(parseLarge)),
    v.check((rooms) => !rooms.includes(null), LARGE_FAULT),
    v.transform((rooms) => rooms.filter((room) => room !== null)),
  ),
  "",
);

export const isOrigin = (text: string) => URL.canParse(text) && new URL(text).origin === text;

/** A URL whose answers are trusted. */
export const trustedUrl = v.optional(
  v.pipe(plainText, v.check(isTrustedUrl, "must be an https URL (http for localhost only)")),
);

/** Whether a URL can be requested as it is: without parts that a request does not send. */
export const isWebhookUrl = (text: string) => {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  return /^https?:$/.test(protocol) && username === "" && password === "";
};

const YES_OR_NO = "must be true or false";

/** `true` or `false`. */
export const yesOrNo = v.optional(
  v.pipe(
    v.union([v.string(), v.boolean()], YES_OR_NO),
    v.transform(String),
    v.picklist(["true", "false"], YES_OR_NO),
  ),
  "false",
);

/** A binding, known by one of its methods. */
export const binding = <Binding>(method: string, what: string) =>
  v.optional(
    v.custom<Binding>(
      (value) =>
        typeof (value as Record<string, unknown> | null | undefined)?.[method] === "function",
      `must be the binding of ${what}`,
    ),
  );
