import type { WebhookConfig } from "../../config.ts";
import { signatures } from "./signature.ts";

const TIMEOUT_MS = 10_000;

/** Nothing of an error is passed on but its kind: the URL may hold a credential. */
function reasonOf(error: unknown): string {
  const isLate = error instanceof Error && error.name === "TimeoutError";
  return isLate ? `no answer within ${TIMEOUT_MS / 1000} s` : "no connection";
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
  try {
    const response = await fetch(url, {
      method: "POST",
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT_MS),
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
  } catch (error) {
    return reasonOf(error);
  }
}
