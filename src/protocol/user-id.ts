const MAX_LENGTH = 128;

/**
 * Whether a text can be a user's id (SPEC A2): 1 to 128 characters, no lone surrogates, which
 * stores cannot tell apart, and not `.` or `..`, which a URL cannot contain.
 */
export function isUserId(text: string): boolean {
  if (text === "" || text.length > MAX_LENGTH) return false;
  return text !== "." && text !== ".." && text.isWellFormed();
}
