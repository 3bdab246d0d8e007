const PATTERN = /^[A-Za-z0-9][A-Za-z0-9._:~-]{0,127}$/;

/**
 * Whether a text can name a room (SPEC, "Words").
 *
 * @example
 * isRoomName("docs:42"); // true
 * isRoomName("../etc"); // false
 */
export function isRoomName(text: string): boolean {
  return PATTERN.test(text);
}
