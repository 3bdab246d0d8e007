const encoder = new TextEncoder();
const sha256 = (text: string) => crypto.subtle.digest("SHA-256", encoder.encode(text));

/**
 * Whether a token is one of the server keys (SPEC B5). Digests are compared, in constant time and
 * with every key, so that neither a key nor its length can be told from how long it takes.
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
