import * as v from "valibot";
import { decodeBase64 } from "./base64.ts";
import type { Candidate } from "./candidate.ts";
import type { OwnClaims } from "./claims.ts";
import { matchesName } from "./cookie.ts";
import { DETAIL, invalidSession } from "./details.ts";
import { cookieNames, type SessionFormat } from "./format.ts";
import { candidateFromSessionData } from "./session-data.ts";

/** Rails' own salt and count of rounds. */
const SALT = "authenticated encrypted cookie";
const ITERATIONS = 1000;
/** The default since Rails 7.0, and the one before. */
const DIGESTS = ["SHA-256", "SHA-1"];

/** Ciphertext, 12-byte IV, 16-byte tag: a shorter tag would be easier to guess. */
const PARTS = /^([\w+/=]+)--([\w+/]{16})--([\w+/]{22}==)$/;
const PURPOSE = "cookie.";

const envelopeSchema = v.object({
  _rails: v.object({ message: v.string(), exp: v.nullish(v.string()), pur: v.string() }),
});

const sessionSchema = v.looseObject({
  session_id: v.optional(v.unknown()),
  // Devise: the user's key, and a part of the password's hash.
  "warden.user.user.key": v.optional(v.tuple([v.tuple([v.unknown()]), v.nullish(v.string())])),
  user_id: v.optional(v.unknown()),
});

/**
 * The encrypted session cookie of Rails, with Devise's user or a plain `user_id` (SPEC A2); see
 * `rails.md`.
 *
 * @example
 * const verify = rails.createVerifier(config.session);
 * const session = await verify(token, { now: Date.now(), allowsOrigin: () => false });
 */
export const rails: SessionFormat = {
  cookies: () => [/^_\w+_session$/],
  needs: [["SESSION_SECRET"]],
  createVerifier(config) {
    const names = cookieNames(rails, config);
    let keys: CryptoKey[] | undefined;
    return async (token, { cookie }) => {
      keys ??= await deriveKeys(config.secrets);
      const plaintext = await decrypt(token, keys);
      const { _rails: envelope } = parse(envelopeSchema, plaintext);
      const { message, exp, pur } = envelope;
      const purpose = pur.startsWith(PURPOSE) ? pur.slice(PURPOSE.length) : "";
      // A bearer token does not say which cookie it was made for.
      const isOurs = cookie ? purpose === cookie.name : names.some((n) => matchesName(purpose, n));
      if (!isOurs) throw invalidSession(DETAIL.purpose);
      return readSession(message, exp ? Date.parse(exp) : undefined, config.claims);
    };
  },
};

function parse<Schema extends v.GenericSchema>(schema: Schema, bytes: Uint8Array | null) {
  try {
    return v.parse(schema, JSON.parse(new TextDecoder().decode(bytes ?? undefined)));
  } catch {
    throw invalidSession(DETAIL.notJson);
  }
}

/** A message of Ruby's Marshal is not JSON, and is refused like any other. */
function readSession(message: string, expiresAt: number | undefined, own: OwnClaims): Candidate {
  const session = parse(sessionSchema, decodeBase64(message));
  const devise = session["warden.user.user.key"]?.[0][0];
  const data = { ...session, user_id: devise ?? session.user_id };
  const candidate = candidateFromSessionData(data, own, ["user_id"]);
  return { ...candidate, id: candidate.id ?? session.session_id, expiresAt };
}

async function deriveKeys(secrets: readonly string[]): Promise<CryptoKey[]> {
  const encoder = new TextEncoder();
  const salt = encoder.encode(SALT);
  const keys: CryptoKey[] = [];
  for (const secret of secrets) {
    const password = encoder.encode(secret);
    const material = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveKey"]);
    for (const hash of DIGESTS) {
      const params = { name: "PBKDF2", hash, salt, iterations: ITERATIONS };
      const kind = { name: "AES-GCM", length: 256 };
      keys.push(await crypto.subtle.deriveKey(params, material, kind, false, ["decrypt"]));
    }
  }
  return keys;
}

async function decrypt(token: string, keys: readonly CryptoKey[]): Promise<Uint8Array> {
  // As a cookie it has been decoded already; as a bearer token it may be either.
  const text = /^[\w%+/=-]+$/.test(token)
    ? token.replaceAll(/%(2B|2F|3D)/gi, decodeURIComponent)
    : "";
  const parts = PARTS.exec(text)?.slice(1).map(decodeBase64) ?? [];
  const [ciphertext, iv, tag] = parts;
  if (!ciphertext || !iv || !tag) throw invalidSession(DETAIL.notDecrypted);
  const sealed = new Uint8Array([...ciphertext, ...tag]);
  for (const key of keys) {
    try {
      return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv }, key, sealed));
    } catch {
      // Another key encrypted it.
    }
  }
  throw invalidSession(DETAIL.notDecrypted);
}
