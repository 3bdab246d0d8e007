import { decodeBase64 } from "./base64.ts";
import { fromJsonTime, type Candidate } from "./candidate.ts";
import { isRecord, recordOf, type OwnClaims } from "./claims.ts";
import { DETAIL, invalidSession } from "./details.ts";
import { cookieNames, type SessionFormat, type VerifyContext } from "./format.ts";
import { isSignedBy } from "./hmac.ts";
import { readPhpSerialized } from "./php-serialized.ts";
import { candidateFromSessionData, parseJson } from "./session-data.ts";

/** AES-256-CBC, Laravel's default cipher. */
const KEY_BYTES = 32;
/** For one cookie; browsers cap it near 4 KiB. */
const MAX_LENGTH = 8000;
/** Each plaintext begins with the HMAC-SHA1 of the cookie's name. */
const PREFIXED = /^([\da-f]{40})\|(.*)$/s;
const SESSION_ID = /^[\dA-Za-z]{40}$/;
/** The guard `web` keeps the user's id at this key, followed by the hash of its class. */
const LOGIN = /^login_web_[\da-f]{40}$/;

type Key = Uint8Array<ArrayBuffer>;

/**
 * The session of Laravel with `SESSION_DRIVER=cookie`: one encrypted cookie names the other, which
 * holds the data (SPEC A2); see `laravel.md`.
 *
 * @example
 * const verify = laravel.createVerifier(config.session);
 * const session = await verify(token, { now: Date.now(), allowsOrigin: () => false });
 */
export const laravel: SessionFormat = {
  cookies: () => ["laravel_session", "laravel-session"],
  needs: [["SESSION_SECRET"]],
  faults({ secrets }) {
    if (secrets.every((secret) => keyOf(secret)?.length === KEY_BYTES)) return [];
    return ["SESSION_SECRET: must be the app's APP_KEY, base64: and 32 bytes"];
  },
  createVerifier(config) {
    const names = cookieNames(laravel, config).filter((name) => typeof name === "string");
    const keys = config.secrets.map((secret) => keyOf(secret)!);
    return async (token, context) => {
      const sent = sentCookies(token, context, names);
      const id = await readCookie(sent.first, sent.names, keys);
      if (!SESSION_ID.test(id)) throw invalidSession(DETAIL.notSigned);
      const text = await readFirst(sent.secondOf(id), id, keys);
      const written = recordOf(parseJson(encode(text)));
      const candidate = readSession(await readData(written["data"], keys), config.claims);
      return { ...candidate, id: candidate.id ?? id, expiresAt: fromJsonTime(written["expires"]) };
    };
  },
};

const encode = (text: string): Key => new Uint8Array(new TextEncoder().encode(text));

function keyOf(secret: string): Key | null {
  return secret.startsWith("base64:") ? decodeBase64(secret.slice(7)) : encode(secret);
}

/** The two cookies as received; in a bearer token, their values are separated by a dot. */
function sentCookies(token: string, { cookie, cookies }: VerifyContext, names: readonly string[]) {
  if (cookie && cookies) {
    return { first: token, names: [cookie.name], secondOf: (id: string) => cookies.values(id) };
  }
  const [first = "", ...rest] = token.replaceAll(/%(2B|2F|3D)/gi, decodeURIComponent).split(".");
  return { first, names, secondOf: () => (rest.length === 1 ? rest : []) };
}

/**
 * Decrypts the first valid one: browsers send a stale cookie of the host before a fresh one of its
 * domain.
 */
async function readFirst(values: readonly string[], id: string, keys: readonly Key[]) {
  let refusal: unknown = invalidSession(DETAIL.noData);
  for (const [at, value] of values.entries()) {
    try {
      return await readCookie(value, [id], keys);
    } catch (error) {
      if (at === 0) refusal = error;
    }
  }
  throw refusal;
}

/** Decrypts a cookie that was made for one of these names. */
async function readCookie(
  value: string,
  names: readonly string[],
  keys: readonly Key[],
): Promise<string> {
  const { text, key } = await decrypt(value, keys);
  const [, digest, rest] = PREFIXED.exec(text) ?? [];
  if (digest === undefined || rest === undefined) throw invalidSession(DETAIL.purpose);
  for (const name of names) {
    if (await isSignedBy([key], "SHA-1", fromHex(digest), `${name}v2`)) return rest;
  }
  throw invalidSession(DETAIL.purpose);
}

async function decrypt(value: string, keys: readonly Key[]): Promise<{ text: string; key: Key }> {
  const { iv, ciphertext, mac, signed } = parseEnvelope(value);
  for (const key of keys) {
    if (!(await isSignedBy([key], "SHA-256", mac, signed))) continue;
    const imported = await crypto.subtle.importKey("raw", key, "AES-CBC", false, ["decrypt"]);
    try {
      const bytes = await crypto.subtle.decrypt({ name: "AES-CBC", iv }, imported, ciphertext);
      return {
        text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes),
        key,
      };
    } catch {
      throw invalidSession(DETAIL.notDecrypted);
    }
  }
  throw invalidSession(DETAIL.signature);
}

/** Only two parts of the envelope are signed, so it must be exactly as Laravel writes it. */
function parseEnvelope(value: string) {
  const bytes = value.length > MAX_LENGTH ? null : decodeBase64(value);
  const { iv, value: data, mac, tag } = recordOf(parseJson(bytes));
  const isWritten =
    typeof iv === "string" &&
    typeof data === "string" &&
    typeof mac === "string" &&
    /^[\da-f]{64}$/.test(mac) &&
    (tag === undefined || tag === "") &&
    JSON.stringify({ iv, value: data, mac, tag }) === new TextDecoder().decode(bytes!);
  const decoded = isWritten && { iv: decodeBase64(iv), ciphertext: decodeBase64(data) };
  if (!decoded || decoded.iv?.length !== 16 || !decoded.ciphertext) {
    throw invalidSession(DETAIL.notEncrypted);
  }
  return {
    iv: decoded.iv,
    ciphertext: decoded.ciphertext,
    mac: fromHex(mac as string),
    signed: `${String(iv)}${String(data)}`,
  };
}

function fromHex(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text.match(/../g)!, (pair) => Number.parseInt(pair, 16));
}

/** The data of a session: PHP or JSON, encrypted once more with `SESSION_ENCRYPT=true`. */
async function readData(data: unknown, keys: readonly Key[]): Promise<unknown> {
  if (typeof data !== "string") return undefined;
  if (data.startsWith("{")) return parseJson(encode(data));
  if (data.startsWith("a:")) return readPhpSerialized(encode(data));
  const { text } = await decrypt(data, keys);
  const inner = readPhpSerialized(encode(text));
  return typeof inner === "string" && /^(?:\{|a:)/.test(inner) ? readData(inner, keys) : undefined;
}

function readSession(data: unknown, own: OwnClaims): Candidate {
  if (!isRecord(data)) throw invalidSession(DETAIL.notJson);
  const login = Object.keys(data).find((key) => LOGIN.test(key));
  const user = login === undefined ? undefined : data[login];
  return candidateFromSessionData({ ...data, login_web: user }, own, ["login_web"]);
}
