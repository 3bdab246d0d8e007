/** Derives an encryption key from an app's secret, as Auth.js and Better Auth do (HKDF-SHA256). */
export async function deriveHkdfKey(
  secret: string,
  salt: string,
  info: string,
  bytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder();
  const material = await crypto.subtle.importKey("raw", encoder.encode(secret), "HKDF", false, [
    "deriveBits",
  ]);
  const bits = await crypto.subtle.deriveBits(
    { name: "HKDF", hash: "SHA-256", salt: encoder.encode(salt), info: encoder.encode(info) },
    material,
    bytes * 8,
  );
  return new Uint8Array(bits);
}
