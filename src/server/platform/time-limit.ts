/**
 * Returns the result of `call`, or gives up after `limitMs`; a late result is dropped. If no time is
 * left, nothing is called. The timer is cleared, since a running timer keeps an object from
 * hibernating.
 *
 * @throws Error if no answer came in time, and whatever the call throws.
 * @example
 * await within(2_000, () => roomStub(env, "lobby").kick("ada"));
 */
export async function within<Result>(
  limitMs: number,
  call: () => Promise<Result>,
): Promise<Result> {
  if (limitMs <= 0) throw new Error("no time left to ask");
  const { promise: tooLate, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${limitMs} ms`)), limitMs);
  try {
    return await Promise.race([call(), tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
