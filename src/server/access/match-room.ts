/**
 * Whether a room matches one of some names; a trailing `*` matches any rest.
 *
 * @example
 * matchesRoom(["lobby", "docs:*"], "docs:42"); // true
 */
export function matchesRoom(patterns: readonly string[], room: string): boolean {
  return patterns.some((pattern) =>
    pattern.endsWith("*") ? room.startsWith(pattern.slice(0, -1)) : room === pattern,
  );
}
