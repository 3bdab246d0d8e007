import type { WebhookConfig } from "../../config/config.ts";
import { importSecret, signedBytes, type Signed } from "../../../protocol/webhook-signature.ts";

const TIMEOUT_MS = 10_000;

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
async function signatures(secrets: readonly string[], message: Signed): Promise<string> {
  const content = signedBytes(message);
  const signed = await Promise.all(
    secrets.map(async (secret) => {
      const signature = await crypto.subtle.sign("HMAC", await importSecret(secret), content);
      return `v1,${base64(signature)}`;
    }),
  );
  return signed.join(" ");
}

/**
 * Sends a message once; answers `null` where the receiver took it, else why not. A redirect is a
 * failure, and no answer's body is read (SPEC H5).
 */
export async function post(
  { url, secrets }: WebhookConfig,
  message: { id: string; body: string },
): Promise<string | null> {
  const { id, body } = message;
  const timestamp = Math.floor(Date.now() / 1000);
  const ending = new AbortController();
  // Not `AbortSignal.timeout`: it would keep the room from its sleep for all its time.
  const timer = setTimeout(() => ending.abort(), TIMEOUT_MS);
  try {
    const response = await fetch(url, {
      method: "POST",
      redirect: "manual",
      signal: ending.signal,
      headers: {
        "Content-Type": "application/json",
        "User-Agent": "Rollcall",
        "webhook-id": id,
        "webhook-timestamp": String(timestamp),
        "webhook-signature": await signatures(secrets, { id, timestamp, body }),
      },
      body,
    });
    // Not awaited: the body's end may never come.
    response.body?.cancel().catch(() => {});
    return response.ok ? null : `status ${response.status}`;
  } catch {
    // What an error says is not passed on: the URL may hold a credential.
    return ending.signal.aborted ? `no answer within ${TIMEOUT_MS / 1000} s` : "no connection";
  } finally {
    clearTimeout(timer);
  }
}
