const encoder = new TextEncoder();

function base64(bytes: ArrayBuffer): string {
  return btoa(String.fromCharCode(...new Uint8Array(bytes)));
}

/** What is signed; `timestamp` is in seconds since 1970. */
export interface Signed {
  id: string;
  timestamp: number;
  body: string;
}

/**
 * Signs a message as the Standard Webhooks do, once with each secret, so that a receiver may know
 * the old or the new one while they are exchanged (SPEC H4).
 *
 * @example
 * await signatures(["whsec_…"], { id: "msg_1", timestamp: 1764000000, body: "{}" }); // "v1,K5oZ…"
 */
export async function signatures(secrets: readonly string[], message: Signed): Promise<string> {
  const content = encoder.encode(`${message.id}.${message.timestamp}.${message.body}`);
  const signed = await Promise.all(
    secrets.map(async (secret) => {
      const bytes = Uint8Array.from(atob(secret.slice("whsec_".length)), (char) =>
        char.charCodeAt(0),
      );
      const algorithm = { name: "HMAC", hash: "SHA-256" };
      const key = await crypto.subtle.importKey("raw", bytes, algorithm, false, ["sign"]);
      return `v1,${base64(await crypto.subtle.sign("HMAC", key, content))}`;
    }),
  );
  return signed.join(" ");
}
