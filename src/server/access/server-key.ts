const encoder = new TextEncoder();
const sha256 = (text: string) => crypto.subtle.digest("SHA-256", encoder.encode(text));

/**
 * Whether a token is one of the server keys (SPEC B5). It compares digests in constant time, with every
 * key, so that the time taken reveals neither a key nor its length.
 *
 * @example
 * if (await isServerKey(token, config.serverKeys)) console.log("asked by the app's backend");
 */
export async function isServerKey(token: string, keys: readonly string[]): Promise<boolean> {
  if (keys.length === 0) return false;
  const [presented, ...known] = await Promise.all([token, ...keys].map(sha256));
  const equal = known.filter((key) => crypto.subtle.timingSafeEqual(key, presented!));
  return equal.length > 0;
}
