import * as v from "valibot";
import { decodeBase64 } from "./base64.ts";
import { DETAIL, invalidSession } from "./details.ts";
import type { SessionFormat } from "./format.ts";

/** The framework uses this many characters of the secret, as they are, as the key. */
const KEY_CHARACTERS = 32;
const IV_BYTES = 16;

/** `JSON;csrf`, the token being a UUID. */
const PLAINTEXT = /^(\{[^;]+\});[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/;

/** dbAuth's default `allowedUserFields`: the id, and in later versions the e-mail address. */
const dataSchema = v.strictObject({
  id: v.union([v.string(), v.number()]),
  email: v.nullish(v.pipe(v.string(), v.regex(/^[^\s@;"\\]+@[^\s@;"\\]+$/))),
});

/**
 * The encrypted cookie of RedwoodJS's dbAuth (SPEC A2). It carries no signature and no expiry:
 * `dbauth.md` explains the consequences.
 *
 * @example
 * const verify = dbauth.createVerifier(config.session);
 * const session = await verify(token, { now: Date.now(), allowsOrigin: () => false });
 */
export const dbauth: SessionFormat = {
  cookies: () => ["session", /^session_\d{1,5}$/],
  needs: [["SESSION_SECRET"]],
  faults({ secrets }) {
    if (secrets.every((secret) => /^[\x20-\x7e]{32}/.test(secret))) return [];
    return [`SESSION_SECRET: the first ${KEY_CHARACTERS} characters must be ASCII`];
  },
  createVerifier(config) {
    return async (token) => {
      const [ciphertext, iv, ...rest] = token.split("|").map(decodeBase64);
      if (!ciphertext || iv?.length !== IV_BYTES || rest.length > 0)
        throw invalidSession(DETAIL.notDecrypted);
      for (const secret of config.secrets) {
        const id = readUserId(await decrypt(ciphertext, iv, secret));
        if (id !== undefined) return { user: { id } };
      }
      throw invalidSession(DETAIL.notDecrypted);
    };
  },
};

/** Only its exact shape distinguishes the app's cookie from altered bytes. */
function readUserId(plaintext: string | undefined): string | number | undefined {
  const [, json] = PLAINTEXT.exec(plaintext ?? "") ?? [];
  if (json === undefined) return undefined;
  try {
    const data: unknown = JSON.parse(json);
    const result = v.safeParse(dataSchema, data);
    return result.success && JSON.stringify(data) === json ? result.output.id : undefined;
  } catch {
    return undefined;
  }
}

/** Returns `undefined` if the padding or the encoding is wrong. */
async function decrypt(ciphertext: BufferSource, iv: BufferSource, secret: string) {
  const raw = new TextEncoder().encode(secret.slice(0, KEY_CHARACTERS));
  const key = await crypto.subtle.importKey("raw", raw, "AES-CBC", false, ["decrypt"]);
  try {
    const plaintext = await crypto.subtle.decrypt({ name: "AES-CBC", iv }, key, ciphertext);
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(plaintext);
  } catch {
    return undefined;
  }
}
