const encoder = new TextEncoder();

/** The signed values; `timestamp` is in seconds since 1970. */
export interface Signed {
  id: string;
  timestamp: number;
  body: string;
}

/** The bytes that a message's signature covers, as Standard Webhooks specify (SPEC H4). */
export function signedBytes({ id, timestamp, body }: Signed) {
  return encoder.encode(`${id}.${timestamp}.${body}`);
}

/** The key of a secret `whsec_…`; throws if the rest is not base64. */
export function importSecret(secret: string): Promise<CryptoKey> {
  const bytes = Uint8Array.from(atob(secret.replace(/^whsec_/, "")), (char) => char.charCodeAt(0));
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  return crypto.subtle.importKey("raw", bytes, algorithm, false, ["sign", "verify"]);
}
