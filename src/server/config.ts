import * as v from "valibot";

/** The bindings and variables of a deployment (SPEC C), as they come from `wrangler.toml`. */
export interface Env {
  ROOMS: DurableObjectNamespace;
  SESSION_FORMAT?: string;
  SESSION_COOKIE?: string;
  SESSION_SECRET?: string;
  SESSION_JWKS_URL?: string;
  SESSION_ISSUER?: string;
  SESSION_AUDIENCE?: string;
  ALLOWED_ORIGINS?: string;
  MAX_CONNECTIONS_PER_USER?: string | number;
  MAX_CONNECTIONS_PER_ROOM?: string | number;
  STALE_SECONDS?: string | number;
  GRACE_SECONDS?: string | number;
  RETENTION_SECONDS?: string | number;
  TICKET_SECRET?: string;
  TICKET_SECONDS?: string | number;
  IN_BAND_AUTH?: string | boolean;
  RENEW?: string;
  SESSION_SECONDS?: string | number;
  /** Limits connects; without the binding there is no limit (SPEC A7). */
  CONNECTS?: RateLimit;
}

const MIN_SECRET_BYTES = 32;
/** The platform's limit of hibernatable sockets is 32,768 an object; some stay for those that close. */
const MAX_ROOM_SIZE = 32_000;

const splitList = (text: string) =>
  text
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");

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

const secretList = v.optional(
  v.pipe(
    v.string(),
    v.transform(splitList),
    v.check(
      (secrets) =>
        secrets.every((secret) => new TextEncoder().encode(secret).length >= MIN_SECRET_BYTES),
      `each secret must have at least ${MIN_SECRET_BYTES} bytes`,
    ),
  ),
  "",
);

const isOrigin = (text: string) => URL.canParse(text) && new URL(text).origin === text;

const isKeysUrl = (text: string) => {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return (
    protocol === "https:" || (protocol === "http:" && /^(localhost|127\.|\[::1\])/.test(hostname))
  );
};

/** One entry for each key: how it is read, what it falls back to, and what is wrong with a bad one. */
const KEYS = {
  SESSION_FORMAT: v.optional(v.picklist(["jwt"], "must be one of: jwt"), "jwt"),
  SESSION_COOKIE: v.optional(
    v.pipe(v.string(), v.regex(/^[\w!#$%&'*.^`|~+-]{1,128}$/, "must be a cookie's name")),
    "session",
  ),
  SESSION_SECRET: secretList,
  SESSION_JWKS_URL: v.optional(
    v.pipe(v.string(), v.check(isKeysUrl, "must be an https URL (http for localhost only)")),
  ),
  SESSION_ISSUER: v.optional(v.pipe(v.string(), v.nonEmpty("must not be empty"))),
  SESSION_AUDIENCE: v.optional(v.pipe(v.string(), v.nonEmpty("must not be empty"))),
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
  TICKET_SECRET: secretList,
  TICKET_SECONDS: wholeNumber(60, 1, 3_600),
  SESSION_SECONDS: wholeNumber(3_600, 60, 31_536_000),
  IN_BAND_AUTH: v.optional(
    v.pipe(
      v.union([v.string(), v.boolean()]),
      v.transform(String),
      v.picklist(["true", "false"], "must be true or false"),
    ),
    "false",
  ),
  RENEW: v.optional(v.picklist(["client", "server"], "must be client or server"), "client"),
};

type Values = { readonly [Key in keyof typeof KEYS]: v.InferOutput<(typeof KEYS)[Key]> };

/** How a credential is checked. */
export interface SessionConfig {
  readonly format: Values["SESSION_FORMAT"];
  readonly cookie: string;
  /** Newest first. */
  readonly secrets: readonly string[];
  readonly jwksUrl: string | undefined;
  readonly issuer: string | undefined;
  readonly audience: string | undefined;
}

/** The numbers a room lives by. */
export interface RoomLimits {
  readonly maxConnectionsPerUser: number;
  readonly maxConnectionsPerRoom: number;
  readonly staleMs: number;
  readonly graceMs: number;
  readonly retentionMs: number;
}

/** How tickets are signed; the newest secret comes first. */
export interface TicketConfig {
  readonly secrets: readonly string[];
  readonly ticketMs: number;
}

/** How the service renews sessions by itself. */
export interface RenewalConfig {
  readonly secrets: readonly string[];
  readonly sessionMs: number;
}

/** The whole configuration, complete: a faulty key has its default. */
export interface Config {
  readonly session: SessionConfig;
  readonly allowedOrigins: ReadonlySet<string>;
  readonly limits: RoomLimits;
  /** `null` where no tickets are given (SPEC T1). */
  readonly tickets: TicketConfig | null;
  /** Whether a socket may open before anybody has signed in (SPEC T2). */
  readonly inBandAuth: boolean;
  /** `null` where clients renew by themselves (SPEC T5). */
  readonly renewal: RenewalConfig | null;
  /** What is wrong, `KEY: why`, with no value in it; the Worker refuses to work while there is any. */
  readonly faults: readonly string[];
}

/**
 * Reads and checks the configuration, every fault at once (SPEC C, O2). An app that checks
 * credentials itself needs no key for it.
 *
 * @example
 * parseConfig({ ...env, STALE_SECONDS: "soon" }).faults;
 * // ["STALE_SECONDS: must be a whole number from 3 to 86400"]
 */
export function parseConfig(env: Env, checksItself = false): Config {
  const faults: string[] = [];
  const read = <Key extends keyof typeof KEYS>(key: Key): Values[Key] => {
    const result = v.safeParse(KEYS[key], env[key]);
    if (result.success) return result.output as Values[Key];
    faults.push(`${key}: ${result.issues[0].message}`);
    return v.parse(KEYS[key], undefined) as Values[Key];
  };
  const blames = (key: string) => faults.some((fault) => fault.startsWith(`${key}:`));
  const secrets = read("SESSION_SECRET");
  const ticketSecrets = read("TICKET_SECRET");
  const ticketMs = read("TICKET_SECONDS") * 1000;
  const sessionMs = read("SESSION_SECONDS") * 1000;
  const renewsSessions = read("RENEW") === "server";
  const jwksUrl = read("SESSION_JWKS_URL");
  const config: Config = {
    session: {
      format: read("SESSION_FORMAT"),
      cookie: read("SESSION_COOKIE"),
      secrets,
      jwksUrl,
      issuer: read("SESSION_ISSUER"),
      audience: read("SESSION_AUDIENCE"),
    },
    allowedOrigins: new Set(read("ALLOWED_ORIGINS")),
    limits: {
      maxConnectionsPerUser: read("MAX_CONNECTIONS_PER_USER"),
      maxConnectionsPerRoom: read("MAX_CONNECTIONS_PER_ROOM"),
      staleMs: read("STALE_SECONDS") * 1000,
      graceMs: read("GRACE_SECONDS") * 1000,
      retentionMs: read("RETENTION_SECONDS") * 1000,
    },
    tickets: ticketSecrets.length > 0 ? { secrets: ticketSecrets, ticketMs } : null,
    inBandAuth: read("IN_BAND_AUTH") === "true",
    renewal: renewsSessions ? { secrets: ticketSecrets, sessionMs } : null,
    faults,
  };
  if (renewsSessions && ticketSecrets.length === 0 && !blames("TICKET_SECRET")) {
    faults.push("TICKET_SECRET: is missing, and RENEW=server signs with it");
  }
  const blamed = blames("SESSION_SECRET") || blames("SESSION_JWKS_URL");
  if (secrets.length === 0 && jwksUrl === undefined && !blamed && !checksItself) {
    faults.push("SESSION_SECRET: is missing, and so is SESSION_JWKS_URL");
  }
  return Object.freeze(config);
}

const parsed = new WeakMap<Env, Config>();

/** The configuration of this isolate: parsed, and its faults logged in one line, once. */
export function configOf(env: Env, checksItself = false): Config {
  const known = parsed.get(env);
  if (known) return known;
  const config = parseConfig(env, checksItself);
  parsed.set(env, config);
  if (config.faults.length > 0) {
    console.log(
      JSON.stringify({ event: "failure", code: "misconfigured", reason: config.faults.join("; ") }),
    );
  }
  return config;
}
