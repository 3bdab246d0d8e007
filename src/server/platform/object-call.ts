/** The platform's error for a call that did not reach its object. */
interface PlatformError {
  retryable?: boolean;
  overloaded?: boolean;
}

/**
 * Calls an object, and once more if the platform says that a retry may help. An overloaded object must
 * not be called again. `call` makes its own stub, since a stub that threw stays broken.
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
