import { describe, expect, it } from "vitest";
import { parseConfig } from "../../../src/server/config/parse.ts";
import type { Env } from "../../../src/server/env.ts";
import { checkSession } from "../../worker-kit/check-session.ts";
import dbauth from "./fixtures/dbauth.json" with { type: "json" };

const NOW = Date.parse(dbauth.now);
const { session: config } = parseConfig({
  SESSION_FORMAT: "dbauth",
  SESSION_SECRET: dbauth.secret,
} as Env);
const check = (token: string) => checkSession({ kind: "bearer", token }, config, NOW);
const valueOf = (title: string) => {
  const { cookie } = dbauth.vectors.find((vector) => vector.title === title)!;
  return cookie.slice(cookie.indexOf("=") + 1);
};

/** Alters a byte of the IV, and with it the same byte of the plaintext's first block. */
function flip(token: string, at: number, bits: number): string {
  const [ciphertext, iv] = token.split("|") as [string, string];
  const bytes = Uint8Array.from(atob(iv), (char) => char.charCodeAt(0));
  bytes[at]! ^= bits;
  return `${ciphertext}|${btoa(String.fromCharCode(...bytes))}`;
}

/** Encrypts as the framework does. */
async function encrypt(plaintext: string): Promise<string> {
  const encoder = new TextEncoder();
  const raw = encoder.encode(dbauth.secret.slice(0, 32));
  const key = await crypto.subtle.importKey("raw", raw, "AES-CBC", false, ["encrypt"]);
  const iv = crypto.getRandomValues(new Uint8Array(16));
  const sealed = await crypto.subtle.encrypt(
    { name: "AES-CBC", iv },
    key,
    encoder.encode(plaintext),
  );
  const base64 = (bytes: Uint8Array) => btoa(String.fromCharCode(...bytes));
  return `${base64(new Uint8Array(sealed))}|${base64(iv)}`;
}

describe("what a dbAuth cookie is worth", () => {
  it("[A2.21] cannot be told: who has a session can alter a numeric id, as in the framework itself", async () => {
    const idAt = '{"id":'.length;
    expect((await check(valueOf("as it comes"))).user.id).toBe("1");
    const altered = flip(valueOf("as it comes"), idAt, "1".charCodeAt(0) ^ "2".charCodeAt(0));
    expect((await check(altered)).user.id).toBe("2");
  });

  it("[A2.21] of a UUID only the first characters can be altered, which leads to nobody else", async () => {
    const uuid = (await check(valueOf("the id a UUID"))).user.id;
    const altered = flip(valueOf("the id a UUID"), '{"id":"'.length, 1);
    expect((await check(altered)).user.id.slice(9)).toBe(uuid.slice(9));
  });

  it("[A2.15, A2.21] carries no expiry: it is good for SESSION_SECONDS from each check on", async () => {
    expect((await check(valueOf("as it comes"))).expiresAt).toBe(NOW + 3_600_000);
  });

  it("[A2.21] anything but what the framework itself writes is refused", async () => {
    const uuid = crypto.randomUUID();
    expect((await check(await encrypt(`{"id":"ada"};${uuid}`))).user.id).toBe("ada");
    for (const plaintext of [
      `{"id": 1};${uuid}`,
      `{"id":1.0};${uuid}`,
      `{"id":2,"id":1};${uuid}`,
      `{"id":"\\u0061da"};${uuid}`,
      `{"id":1.5};${uuid}`,
      `{"id":null};${uuid}`,
      `{"id":""};${uuid}`,
      `{"id":1,"role":"admin"};${uuid}`,
      `{"id":1,"email":"no address"};${uuid}`,
      `[1];${uuid}`,
      `{"id":1};${uuid.slice(1)}`,
      `{"id":1};${uuid};`,
      `{"id":1}${uuid}`,
      `{"id":1}`,
    ]) {
      await expect(check(await encrypt(plaintext)), plaintext).rejects.toMatchObject({
        code: "session_invalid",
      });
    }
  });

  it("[A2.21] base64 of any other spelling is refused", async () => {
    const good = valueOf("as it comes");
    const [ciphertext, iv] = good.split("|") as [string, string];
    for (const token of [`${good}|`, ` ${good}`, `${ciphertext}|${iv.replace("==", "")}`, iv]) {
      await expect(check(token)).rejects.toMatchObject({ code: "session_invalid" });
    }
  });
});
