/**
 * Whether a signature is the HMAC of a text by one of the keys. It is compared in constant time.
 *
 * @example
 * await isSignedBy(["a secret"], "SHA-256", signature, "the text");
 */
export async function isSignedBy(
  keys: readonly (string | Uint8Array<ArrayBuffer>)[],
  hash: "SHA-1" | "SHA-256",
  signature: Uint8Array<ArrayBuffer>,
  text: string,
): Promise<boolean> {
  const encoder = new TextEncoder();
  const data = encoder.encode(text);
  for (const key of keys) {
    const raw = typeof key === "string" ? encoder.encode(key) : key;
    const algorithm = { name: "HMAC", hash };
    const imported = await crypto.subtle.importKey("raw", raw, algorithm, false, ["verify"]);
    if (await crypto.subtle.verify("HMAC", imported, signature, data)) return true;
  }
  return false;
}
