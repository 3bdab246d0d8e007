const GIVEN = /^[\w=-]{1,255}$/;

/**
 * The id of a request: the caller's `X-Request-Id` if it consists of at most 255 letters, digits,
 * `_`, `-` and `=`, otherwise a new UUID. Hono's middleware has the same rule, but also prepares a
 * header that a finished answer never carries: work that every read would pay for.
 *
 * @example
 * requestIdOf(new Request(url, { headers: { "X-Request-Id": "abc" } })); // "abc"
 */
export function requestIdOf({ headers }: Request): string {
  const given = headers.get("X-Request-Id") ?? "";
  return GIVEN.test(given) ? given : crypto.randomUUID();
}
