/** What the platform says of a call that did not reach its object. */
interface PlatformError {
  retryable?: boolean;
  overloaded?: boolean;
}

/**
 * Calls an object, once more where the platform says that this may help; one that is overloaded
 * must not be asked again. `call` makes its own stub, since one that threw stays broken.
 *
 * @example
 * await callTwice(() => roomStub(env, "lobby").fetch(request));
 */
export async function callTwice<Result>(call: () => Promise<Result>): Promise<Result> {
  return call().catch((error: PlatformError) => {
    if (!error.retryable || error.overloaded) throw error;
    return call();
  });
}
