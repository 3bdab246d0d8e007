import type { WebhookConfig } from "../../config/config.ts";
import { signatures } from "./signature.ts";

const TIMEOUT_MS = 10_000;

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
