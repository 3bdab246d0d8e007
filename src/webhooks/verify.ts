import { importSecret, signedBytes } from "../protocol/webhook-signature.ts";
import type { WebhookMessage } from "../protocol/webhook-message.ts";

/** How old a message may be, or how far ahead: a replayed old message is refused. */
const TOLERANCE_SECONDS = 300;
const SECRET = /^whsec_[A-Za-z0-9+/]+={0,2}$/;

/** A request's headers: those of `fetch`, or those of Node, with names in lower case. */
export type WebhookHeaders =
  | { get(name: string): string | null }
  | Readonly<Record<string, string | readonly string[] | undefined>>;

/** Returns the message in a request, or `null` if no secret signed it, or not recently. */
export type VerifyWebhook = (
  body: string,
  headers: WebhookHeaders,
  now: number,
) => Promise<WebhookMessage | null>;

/** Creates the signature check that Standard Webhooks specify (SPEC H4). */
export function createVerifier(secrets: readonly string[]): VerifyWebhook {
  if (secrets.length === 0 || !secrets.every((secret) => SECRET.test(secret))) {
    throw new TypeError("secret: must be whsec_ and base64, the value of WEBHOOK_SECRET");
  }
  let keys: Promise<CryptoKey[]> | undefined;

  return async (body, headers, now) => {
    const id = readHeader(headers, "webhook-id");
    const timestamp = Number(readHeader(headers, "webhook-timestamp") || Number.NaN);
    if (id === "" || !(Math.abs(now / 1000 - timestamp) <= TOLERANCE_SECONDS)) return null;
    const content = signedBytes({ id, timestamp, body });
    const signatures = readHeader(headers, "webhook-signature").split(" ").flatMap(readSignature);
    keys ??= Promise.all(secrets.map(importSecret));
    for (const key of await keys) {
      for (const signature of signatures) {
        if (await crypto.subtle.verify("HMAC", key, signature, content)) {
          return JSON.parse(body) as WebhookMessage;
        }
      }
    }
    return null;
  };
}

function readHeader(headers: WebhookHeaders, name: string): string {
  if (typeof headers.get === "function") return headers.get(name) ?? "";
  const value = (headers as Readonly<Record<string, string | readonly string[] | undefined>>)[name];
  return typeof value === "string" ? value : "";
}

/** The bytes of `v1,<base64>`; none for another version or invalid base64. */
function readSignature(text: string): Uint8Array<ArrayBuffer>[] {
  if (!text.startsWith("v1,")) return [];
  try {
    return [Uint8Array.from(atob(text.slice(3)), (char) => char.charCodeAt(0))];
  } catch {
    return [];
  }
}
