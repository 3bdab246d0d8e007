import type { WebhookConfig } from "../../config/config.ts";
import { importSecret, signedBytes, type Signed } from "../../../protocol/webhook-signature.ts";

const TIMEOUT_MS = 10_000;

function base64(bytes: ArrayBuffer): string {
  return btoa(String.fromCharCode(...new Uint8Array(bytes)));
}

/**
 * Signs a message as the Standard Webhooks specify, once with each secret, so that a receiver can
 * check the old or the new one during a rotation (SPEC H4).
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
 * Sends a message once. Answers `null` if the receiver accepted it, otherwise why not. A redirect is
 * a failure, and the body of the answer is not read (SPEC H5).
 */
export async function post(
  { url, secrets }: WebhookConfig,
  message: { id: string; body: string },
): Promise<string | null> {
  const { id, body } = message;
  const timestamp = Math.floor(Date.now() / 1000);
  const ending = new AbortController();
  // Not `AbortSignal.timeout`, which keeps an object from hibernating until it fires.
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
    // Not awaited: the body may never end.
    response.body?.cancel().catch(() => {});
    return response.ok ? null : `status ${response.status}`;
  } catch {
    // The error is not logged: its message may contain the URL, and the URL a credential.
    return ending.signal.aborted ? `no answer within ${TIMEOUT_MS / 1000} s` : "no connection";
  } finally {
    clearTimeout(timer);
  }
}
