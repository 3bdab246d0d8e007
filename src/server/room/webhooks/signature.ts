import { importSecret, signedBytes, type Signed } from "../../../protocol/webhook-signature.ts";

function base64(bytes: ArrayBuffer): string {
  return btoa(String.fromCharCode(...new Uint8Array(bytes)));
}

/**
 * Signs a message as the Standard Webhooks do, once with each secret, so that a receiver may know
 * the old or the new one while they are exchanged (SPEC H4).
 *
 * @example
 * await signatures(["whsec_…"], { id: "msg_1", timestamp: 1764000000, body: "{}" }); // "v1,K5oZ…"
 */
export async function signatures(secrets: readonly string[], message: Signed): Promise<string> {
  const content = signedBytes(message);
  const signed = await Promise.all(
    secrets.map(async (secret) => {
      const signature = await crypto.subtle.sign("HMAC", await importSecret(secret), content);
      return `v1,${base64(signature)}`;
    }),
  );
  return signed.join(" ");
}
