import type { Room } from "../room/room.ts";
import type { User } from "../user/user.ts";
import { readKeys, type Values } from "./keys.ts";
import type { Directory } from "../directory/directory.ts";
import { setDataset } from "../metrics.ts";
import { isPrivateHost } from "./private-host.ts";
import type { OwnClaims } from "../session/claims.ts";
import type { SessionFormat } from "../session/format.ts";
import { FORMATS } from "../session/index.ts";

/** The bindings and variables of a deployment (SPEC C), as they come from `wrangler.toml`. */
export interface Env {
  ROOMS: DurableObjectNamespace<Room>;
  /** Needed where there is a `SERVER_KEY`. */
  USERS?: DurableObjectNamespace<User>;
  SESSIONS?: KVNamespace;
  SESSION_FORMAT?: string;
  SESSION_COOKIE?: string;
  SESSION_SECRET?: string;
  SESSION_JWKS_URL?: string;
  SESSION_ISSUER?: string;
  SESSION_AUDIENCE?: string;
  SESSION_CLAIMS?: string;
  SESSION_INTROSPECTION_URL?: string;
  SESSION_INTROSPECTION_HEADERS?: string;
  SESSION_SECONDS?: string | number;
  ALLOWED_ORIGINS?: string;
  MAX_CONNECTIONS_PER_USER?: string | number;
  MAX_CONNECTIONS_PER_ROOM?: string | number;
  MAX_ROOMS_PER_USER?: string | number;
  MAX_REMEMBERED?: string | number;
  STALE_SECONDS?: string | number;
  GRACE_SECONDS?: string | number;
  RETENTION_SECONDS?: string | number;
  TICKET_SECRET?: string;
  TICKET_SECONDS?: string | number;
  IN_BAND_AUTH?: string | boolean;
  RENEW?: string;
  SERVER_KEY?: string;
  JURISDICTION?: string;
  /** Lists the rooms that somebody is in (SPEC B9); without the binding there is no list. */
  DIRECTORY?: DurableObjectNamespace<Directory>;
  WEBHOOK_URL?: string;
  WEBHOOK_SECRET?: string;
  WEBHOOK_ALLOW_PRIVATE?: string | boolean;
  /** Takes the metrics (SPEC O4); without the binding there are none. */
  METRICS?: AnalyticsEngineDataset;
  /** Limits connects, and credentials that fail; without the binding there is no limit (SPEC A7). */
  CONNECTS?: RateLimit;
  /** Limits what a user reads; without the binding there is no limit (SPEC A7). */
  READS?: RateLimit;
}

/** How a credential is checked. */
export interface SessionConfig {
  readonly format: Values["SESSION_FORMAT"];
  /** Empty: the format's own names. */
  readonly cookies: readonly string[];
  /** Newest first. */
  readonly secrets: readonly string[];
  readonly jwksUrl: string | undefined;
  readonly issuer: string | undefined;
  readonly audience: string | undefined;
  readonly introspectionUrl: string | undefined;
  /** What some claims are called (`SESSION_CLAIMS`). */
  readonly claims: OwnClaims;
  /** What is sent with each question, beside the cookies. */
  readonly introspectionHeaders: Readonly<Record<string, string>>;
  /** How long a session lasts that does not say. */
  readonly sessionMs: number;
  readonly store: KVNamespace | undefined;
}

/** The numbers a room lives by. */
export interface RoomLimits {
  readonly maxConnectionsPerUser: number;
  readonly maxConnectionsPerRoom: number;
  /** So many members who are offline stay on the list (SPEC L5). */
  readonly maxRemembered: number;
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

/** Where webhooks are sent, and what they are signed with; the newest secret comes first. */
export interface WebhookConfig {
  readonly url: string;
  readonly secrets: readonly string[];
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
  /** What the app's backend may present (SPEC B5); empty where it has nothing to ask for. */
  readonly serverKeys: readonly string[];
  /** `null` where rooms are not listed (SPEC B9). */
  readonly directory: DurableObjectNamespace<Directory> | null;
  readonly rooms: DurableObjectNamespace<Room>;
  /** `null` where no webhooks are sent (SPEC H1). */
  readonly webhook: WebhookConfig | null;
  /** `null` where none are taken (SPEC O4). */
  readonly metrics: AnalyticsEngineDataset | null;
  /** How many rooms a user may be present in, where there is a server key (SPEC A7). */
  readonly maxRoomsPerUser: number;
  /** What each user's sessions and rooms are asked of (SPEC B3, B4); `null` without a server key. */
  readonly users: DurableObjectNamespace<User> | null;
  /** What is wrong, `KEY: why`, with no value in it; the Worker refuses to work while there is any. */
  readonly faults: readonly string[];
  /** What may be a mistake, `KEY: why`, with no value in it. */
  readonly warnings: readonly string[];
  /** What it was read from. */
  readonly env: Env;
}

/** What only the check by `SESSION_FORMAT` reads. */
const FORMAT_KEYS: ReadonlySet<string> = new Set([
  "SESSION_FORMAT",
  "SESSION_SECRET",
  "SESSION_JWKS_URL",
  "SESSION_ISSUER",
  "SESSION_AUDIENCE",
  "SESSION_CLAIMS",
  "SESSION_INTROSPECTION_URL",
  "SESSION_INTROSPECTION_HEADERS",
  "SESSIONS",
]);

/**
 * Reads and checks the configuration, every fault at once (SPEC C, O2). Where an app checks
 * credentials itself, the keys of that check may be absent, or mean something else to the app.
 *
 * @example
 * parseConfig({ ...env, STALE_SECONDS: "soon" }).faults;
 * // ["STALE_SECONDS: must be a whole number from 3 to 86400"]
 */
export function parseConfig(env: Env, checksItself = false): Config {
  const read = readKeys(env);
  const { values } = read;
  const isUsed = (fault: string) => !checksItself || !FORMAT_KEYS.has(fault.split(":")[0]!);
  const faults = read.faults.filter(isUsed);
  const sessionMs = values.SESSION_SECONDS * 1000;
  const secrets = values.TICKET_SECRET;
  const hasBackend = values.SERVER_KEY.length > 0;
  const place = <Class extends Rpc.DurableObjectBranded>(
    namespace: DurableObjectNamespace<Class>,
  ): DurableObjectNamespace<Class> =>
    values.JURISDICTION === "" ? namespace : namespace.jurisdiction(values.JURISDICTION);
  const session: SessionConfig = {
    format: values.SESSION_FORMAT,
    cookies: values.SESSION_COOKIE,
    secrets: values.SESSION_SECRET,
    jwksUrl: values.SESSION_JWKS_URL,
    issuer: values.SESSION_ISSUER,
    audience: values.SESSION_AUDIENCE,
    introspectionUrl: values.SESSION_INTROSPECTION_URL,
    claims: values.SESSION_CLAIMS,
    introspectionHeaders: values.SESSION_INTROSPECTION_HEADERS,
    sessionMs,
    store: values.SESSIONS,
  };
  const config: Config = {
    session,
    allowedOrigins: new Set(values.ALLOWED_ORIGINS),
    limits: {
      maxConnectionsPerUser: values.MAX_CONNECTIONS_PER_USER,
      maxConnectionsPerRoom: values.MAX_CONNECTIONS_PER_ROOM,
      maxRemembered: values.MAX_REMEMBERED,
      staleMs: values.STALE_SECONDS * 1000,
      graceMs: values.GRACE_SECONDS * 1000,
      retentionMs: values.RETENTION_SECONDS * 1000,
    },
    tickets: secrets.length > 0 ? { secrets, ticketMs: values.TICKET_SECONDS * 1000 } : null,
    inBandAuth: values.IN_BAND_AUTH === "true",
    renewal: values.RENEW === "server" ? { secrets, sessionMs } : null,
    serverKeys: values.SERVER_KEY,
    directory: hasBackend && values.DIRECTORY ? place(values.DIRECTORY) : null,
    rooms: place(env.ROOMS),
    webhook:
      values.WEBHOOK_URL !== "" && values.WEBHOOK_SECRET.length > 0
        ? { url: values.WEBHOOK_URL, secrets: values.WEBHOOK_SECRET }
        : null,
    metrics: values.METRICS ?? null,
    maxRoomsPerUser: values.MAX_ROOMS_PER_USER,
    users: hasBackend && env.USERS ? place(env.USERS) : null,
    faults,
    warnings: checksItself ? [] : warningsOf(values.SESSION_FORMAT, session),
    env,
  };
  faults.push(...webhookFaults(values, faults));
  if (config.renewal && secrets.length === 0 && !blames(faults, "TICKET_SECRET")) {
    faults.push("TICKET_SECRET: is missing, and RENEW=server signs with it");
  }
  if (config.serverKeys.length > 0 && config.users === null) {
    faults.push("USERS: is missing, and SERVER_KEY needs it");
  }
  if (!checksItself) faults.push(...formatFaults(config, env));
  return Object.freeze(config);
}

/** Webhooks need both keys, and an address that is not one of the service's own network. */
function webhookFaults(values: Values, faults: readonly string[]): string[] {
  const { WEBHOOK_URL: url, WEBHOOK_SECRET: secrets, WEBHOOK_ALLOW_PRIVATE: allows } = values;
  if (blames(faults, "WEBHOOK_URL") || blames(faults, "WEBHOOK_SECRET")) return [];
  if (url === "")
    return secrets.length > 0 ? ["WEBHOOK_URL: is missing, and there is a secret"] : [];
  const { protocol, hostname } = new URL(url);
  const isPrivate = protocol === "http:" || isPrivateHost(hostname);
  return [
    ...(secrets.length === 0 ? ["WEBHOOK_SECRET: is missing, and there is a URL"] : []),
    ...(isPrivate && allows === "false"
      ? ["WEBHOOK_URL: must be https and public, unless WEBHOOK_ALLOW_PRIVATE=true"]
      : []),
  ];
}

function blames(faults: readonly string[], key: string): boolean {
  return faults.some((fault) => fault.startsWith(`${key}:`));
}

/** What the chosen format misses; a key that is wrong in itself is not blamed twice. */
function formatFaults({ session, faults }: Config, env: Env): string[] {
  const isEmpty = (value: unknown) => /^[\s,[\]]*$/.test(String(value ?? ""));
  const isBlamed = (key: string) => blames(faults, key);
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

function warningsOf(name: Values["SESSION_FORMAT"], config: SessionConfig): readonly string[] {
  const format: SessionFormat = FORMATS[name];
  return format.warnings?.(config) ?? [];
}

const parsed = new WeakMap<Env, Config>();

/** The configuration of this isolate: parsed, and its faults logged in one line, once. */
export function configOf(env: Env, checksItself = false): Config {
  const known = parsed.get(env);
  if (known) return known;
  const config = parseConfig(env, checksItself);
  parsed.set(env, config);
  if (config.metrics) setDataset(config.metrics);
  if (config.faults.length > 0) {
    console.log(
      JSON.stringify({ event: "failure", code: "misconfigured", reason: config.faults.join("; ") }),
    );
  } else if (config.warnings.length > 0) {
    console.log(JSON.stringify({ event: "warning", reason: config.warnings.join("; ") }));
  }
  return config;
}
