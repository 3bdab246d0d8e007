import * as v from "valibot";
import { FORMATS } from "./session/index.ts";
import type { SessionFormat } from "./session/format.ts";
import { isTrustedUrl } from "./trusted-url.ts";

/** The bindings and variables of a deployment (SPEC C), as they come from `wrangler.toml`. */
export interface Env {
  ROOMS: DurableObjectNamespace;
  SESSIONS?: KVNamespace;
  SESSION_FORMAT?: string;
  SESSION_COOKIE?: string;
  SESSION_SECRET?: string;
  SESSION_JWKS_URL?: string;
  SESSION_ISSUER?: string;
  SESSION_AUDIENCE?: string;
  SESSION_INTROSPECTION_URL?: string;
  SESSION_SECONDS?: string | number;
  ALLOWED_ORIGINS?: string;
  MAX_CONNECTIONS_PER_USER?: string | number;
  MAX_CONNECTIONS_PER_ROOM?: string | number;
  STALE_SECONDS?: string | number;
  GRACE_SECONDS?: string | number;
  RETENTION_SECONDS?: string | number;
}

const MIN_SECRET_BYTES = 32;
/** The platform's limit of hibernatable sockets is 32,768 an object; some stay for those that close. */
const MAX_ROOM_SIZE = 32_000;

const splitList = (text: string) =>
  text
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");

/** A secret that has a comma of its own can only be told apart in a JSON list. */
const splitSecrets = (text: string): string[] | undefined => {
  if (!text.trimStart().startsWith("[")) return splitList(text);
  try {
    return v.parse(v.array(v.string()), JSON.parse(text));
  } catch {
    return undefined;
  }
};

const wholeNumber = (fallback: number, least: number, most: number) =>
  v.optional(
    v.pipe(
      v.union([v.string(), v.number()]),
      v.transform((value) => (String(value).trim() === "" ? Number.NaN : Number(value))),
      v.check(
        (value) => Number.isInteger(value) && value >= least && value <= most,
        `must be a whole number from ${least} to ${most}`,
      ),
    ),
    fallback,
  );

const isOrigin = (text: string) => URL.canParse(text) && new URL(text).origin === text;

const trustedUrl = v.optional(
  v.pipe(v.string(), v.check(isTrustedUrl, "must be an https URL (http for localhost only)")),
);

const formatNames = Object.keys(FORMATS) as (keyof typeof FORMATS)[];

/** One entry for each key: how it is read, what it falls back to, and what is wrong with a bad one. */
const KEYS = {
  SESSION_FORMAT: v.optional(
    v.picklist(formatNames, `must be one of: ${formatNames.join(", ")}`),
    "jwt",
  ),
  SESSION_COOKIE: v.optional(
    v.pipe(v.string(), v.regex(/^[\w!#$%&'*.^`|~+-]{1,128}$/, "must be a cookie's name")),
  ),
  SESSION_SECRET: v.optional(
    v.pipe(
      v.string(),
      v.transform(splitSecrets),
      v.array(v.string(), "must be secrets separated by commas, or a JSON list of them"),
      v.check(
        (secrets) =>
          secrets.every((secret) => new TextEncoder().encode(secret).length >= MIN_SECRET_BYTES),
        `each secret must have at least ${MIN_SECRET_BYTES} bytes`,
      ),
    ),
    "",
  ),
  SESSION_JWKS_URL: trustedUrl,
  SESSION_ISSUER: v.optional(v.pipe(v.string(), v.nonEmpty("must not be empty"))),
  SESSION_AUDIENCE: v.optional(v.pipe(v.string(), v.nonEmpty("must not be empty"))),
  SESSION_INTROSPECTION_URL: trustedUrl,
  SESSION_SECONDS: wholeNumber(3600, 1, 31_536_000),
  SESSIONS: v.optional(
    v.custom<KVNamespace>(
      (value) => typeof (value as KVNamespace | null)?.get === "function",
      "must be the binding of a KV namespace",
    ),
  ),
  ALLOWED_ORIGINS: v.optional(
    v.pipe(
      v.string(),
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
  STALE_SECONDS: wholeNumber(45, 3, 86_400),
  GRACE_SECONDS: wholeNumber(8, 0, 86_400),
  RETENTION_SECONDS: wholeNumber(86_400, 0, 31_536_000),
};

type Values = { readonly [Key in keyof typeof KEYS]: v.InferOutput<(typeof KEYS)[Key]> };

/** How a credential is checked. */
export interface SessionConfig {
  readonly format: Values["SESSION_FORMAT"];
  /** `undefined`: the format's own names. */
  readonly cookie: string | undefined;
  /** Newest first. */
  readonly secrets: readonly string[];
  readonly jwksUrl: string | undefined;
  readonly issuer: string | undefined;
  readonly audience: string | undefined;
  readonly introspectionUrl: string | undefined;
  /** How long a session lasts that does not say. */
  readonly sessionMs: number;
  readonly store: KVNamespace | undefined;
}

/** The numbers a room lives by. */
export interface RoomLimits {
  readonly maxConnectionsPerUser: number;
  readonly maxConnectionsPerRoom: number;
  readonly staleMs: number;
  readonly graceMs: number;
  readonly retentionMs: number;
}

/** The whole configuration, complete: a faulty key has its default. */
export interface Config {
  readonly session: SessionConfig;
  readonly allowedOrigins: ReadonlySet<string>;
  readonly limits: RoomLimits;
  /** What is wrong, `KEY: why`, with no value in it; the Worker refuses to work while there is any. */
  readonly faults: readonly string[];
}

/**
 * Reads and checks the configuration, every fault at once (SPEC C, O2).
 *
 * @example
 * parseConfig({ ...env, STALE_SECONDS: "soon" }).faults;
 * // ["STALE_SECONDS: must be a whole number from 3 to 86400"]
 */
export function parseConfig(env: Env): Config {
  const faults: string[] = [];
  const read = <Key extends keyof typeof KEYS>(key: Key): Values[Key] => {
    const result = v.safeParse(KEYS[key], env[key]);
    if (result.success) return result.output as Values[Key];
    faults.push(`${key}: ${result.issues[0].message}`);
    return v.parse(KEYS[key], undefined) as Values[Key];
  };
  const config: Config = {
    session: {
      format: read("SESSION_FORMAT"),
      cookie: read("SESSION_COOKIE"),
      secrets: read("SESSION_SECRET"),
      jwksUrl: read("SESSION_JWKS_URL"),
      issuer: read("SESSION_ISSUER"),
      audience: read("SESSION_AUDIENCE"),
      introspectionUrl: read("SESSION_INTROSPECTION_URL"),
      sessionMs: read("SESSION_SECONDS") * 1000,
      store: read("SESSIONS"),
    },
    allowedOrigins: new Set(read("ALLOWED_ORIGINS")),
    limits: {
      maxConnectionsPerUser: read("MAX_CONNECTIONS_PER_USER"),
      maxConnectionsPerRoom: read("MAX_CONNECTIONS_PER_ROOM"),
      staleMs: read("STALE_SECONDS") * 1000,
      graceMs: read("GRACE_SECONDS") * 1000,
      retentionMs: read("RETENTION_SECONDS") * 1000,
    },
    faults,
  };
  faults.push(...formatFaults(config, env));
  return Object.freeze(config);
}

/** What the chosen format misses; a key that is wrong in itself is not blamed twice. */
function formatFaults({ session, faults }: Config, env: Env): string[] {
  const isEmpty = (value: unknown) => /^[\s,[\]]*$/.test(String(value ?? ""));
  const isBlamed = (key: string) => faults.some((fault) => fault.startsWith(`${key}:`));
  if (isBlamed("SESSION_FORMAT")) return [];
  const format: SessionFormat = FORMATS[session.format];
  const missing = format.needs
    .filter((keys) => keys.every((key) => isEmpty(env[key]) && !isBlamed(key)))
    .map(([key, ...others]) => {
      const instead = others.map((other) => `, and so is ${other}`).join("");
      return `${key}: is missing${instead}; SESSION_FORMAT=${session.format} needs it`;
    });
  const wrong = format.faults?.(session) ?? [];
  return [...missing, ...wrong.filter((fault) => !isBlamed(fault.split(":")[0]!))];
}

const parsed = new WeakMap<Env, Config>();

/** The configuration of this isolate: parsed, and its faults logged in one line, once. */
export function configOf(env: Env): Config {
  const known = parsed.get(env);
  if (known) return known;
  const config = parseConfig(env);
  parsed.set(env, config);
  if (config.faults.length > 0) {
    console.log(
      JSON.stringify({ event: "failure", code: "misconfigured", reason: config.faults.join("; ") }),
    );
  }
  return config;
}
