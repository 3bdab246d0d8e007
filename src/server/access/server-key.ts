const encoder = new TextEncoder();
const sha256 = (text: string) => crypto.subtle.digest("SHA-256", encoder.encode(text));

/** The digests of a configuration's keys, made once: every credential is compared with them. */
const digests = new WeakMap<readonly string[], ArrayBuffer[]>();

async function digestsOf(keys: readonly string[]): Promise<ArrayBuffer[]> {
  let known = digests.get(keys);
  // Another request may do the same meanwhile, but none waits for it: it may be cancelled.
  if (!known) digests.set(keys, (known = await Promise.all(keys.map(sha256))));
  return known;
}

/**
 * Whether a token is one of the server keys (SPEC B5). It compares digests in constant time, with every
 * key, so that the time taken reveals neither a key nor its length.
 *
 * @example
 * if (await isServerKey(token, config.serverKeys)) console.log("asked by the app's backend");
 */
export async function isServerKey(token: string, keys: readonly string[]): Promise<boolean> {
  if (keys.length === 0) return false;
  const [presented, known] = await Promise.all([sha256(token), digestsOf(keys)]);
  const equal = known.filter((key) => crypto.subtle.timingSafeEqual(key, presented));
  return equal.length > 0;
}
