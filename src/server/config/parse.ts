import type { Env } from "../env.ts";
import { log } from "../log.ts";
import { setDataset } from "../metrics.ts";
import { formatOf } from "../session/index.ts";
import type { Config, SessionConfig } from "./config.ts";
import { readKeys, type Values } from "./keys.ts";
import { isPrivateHost } from "./private-host.ts";

/** The keys that only the check by `SESSION_FORMAT` reads. */
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
 * Reads and checks the configuration, and reports every fault at once (SPEC C, O2). If an app
 * checks credentials itself, the keys of the replaced check may be absent, or mean something else
 * to the app.
 *
 * @example
 * parseConfig({ ...env, STALE_SECONDS: "soon" }).faults;
 * // ["STALE_SECONDS: must be a whole number from 3 to 86400"]
 */
export function parseConfig(env: Env, hasCustomVerify = false): Config {
  const read = readKeys(env);
  const { values } = read;
  const isUsed = (fault: string) => !hasCustomVerify || !FORMAT_KEYS.has(fault.split(":")[0]!);
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
    publicCounts: values.PUBLIC_COUNTS,
    windowRooms: values.WINDOW_ROOMS,
    signals: values.SIGNALS === "true",
    largeRooms: values.LARGE_ROOMS,
    hubs: values.HUBS ? place(values.HUBS) : null,
    maxRoomsPerUser: values.MAX_ROOMS_PER_USER,
    users: hasBackend && env.USERS ? place(env.USERS) : null,
    faults,
    warnings: hasCustomVerify ? [] : warningsOf(session),
    env,
  };
  faults.push(...webhookFaults(values, faults));
  if (config.renewal && secrets.length === 0 && !blames(faults, "TICKET_SECRET")) {
    faults.push("TICKET_SECRET: is missing; RENEW=server needs it");
  }
  if (config.serverKeys.length > 0 && config.users === null) {
    faults.push("USERS: is missing; SERVER_KEY needs it");
  }
  if (config.largeRooms.length > 0 && config.hubs === null && !blames(faults, "HUBS")) {
    faults.push("HUBS: is missing; LARGE_ROOMS needs it");
  }
  if (!hasCustomVerify) faults.push(...formatFaults(config, env));
  return Object.freeze(config);
}

/** Webhooks need both keys and a public address. */
function webhookFaults(values: Values, faults: readonly string[]): string[] {
  const { WEBHOOK_URL: url, WEBHOOK_SECRET: secrets, WEBHOOK_ALLOW_PRIVATE: allows } = values;
  if (blames(faults, "WEBHOOK_URL") || blames(faults, "WEBHOOK_SECRET")) return [];
  if (url === "")
    return secrets.length > 0 ? ["WEBHOOK_URL: is missing; WEBHOOK_SECRET needs it"] : [];
  const { protocol, hostname } = new URL(url);
  const isPrivate = protocol === "http:" || isPrivateHost(hostname);
  return [
    ...(secrets.length === 0 ? ["WEBHOOK_SECRET: is missing; WEBHOOK_URL needs it"] : []),
    ...(isPrivate && allows === "false"
      ? ["WEBHOOK_URL: must be https and public, unless WEBHOOK_ALLOW_PRIVATE=true"]
      : []),
  ];
}

function blames(faults: readonly string[], key: string): boolean {
  return faults.some((fault) => fault.startsWith(`${key}:`));
}

/** The keys that the chosen format misses; a faulty key is not reported twice. */
function formatFaults({ session, faults }: Config, env: Env): string[] {
  const isEmpty = (value: unknown) => /^[\s,[\]]*$/.test(String(value ?? ""));
  const isBlamed = (key: string) => blames(faults, key);
  if (isBlamed("SESSION_FORMAT")) return [];
  const format = formatOf(session);
  const missing = format.needs
    .filter((keys) => keys.every((key) => isEmpty(env[key]) && !isBlamed(key)))
    .map(([key, ...others]) => {
      const instead = others.map((other) => `, and so is ${other}`).join("");
      return `${key}: is missing${instead}; SESSION_FORMAT=${session.format} needs it`;
    });
  const wrong = format.faults?.(session) ?? [];
  return [...missing, ...wrong.filter((fault) => !isBlamed(fault.split(":")[0]!))];
}

function warningsOf(config: SessionConfig): readonly string[] {
  return formatOf(config).warnings?.(config) ?? [];
}

const parsed = new WeakMap<Env, Config>();

/** The configuration of this isolate, parsed once; its faults are logged in one line. */
export function configOf(env: Env, hasCustomVerify = false): Config {
  const known = parsed.get(env);
  if (known) return known;
  const config = parseConfig(env, hasCustomVerify);
  parsed.set(env, config);
  if (config.metrics) setDataset(config.metrics);
  if (config.faults.length > 0) {
    log("failure", { code: "misconfigured", reason: config.faults.join("; ") });
  } else if (config.warnings.length > 0) {
    log("warning", { reason: config.warnings.join("; ") });
  }
  return config;
}
