/**
 * Decodes canonical base64; `null` if the text is anything else, so that each value has only one
 * encoding.
 *
 * @example
 * decodeBase64("aGk="); // Uint8Array [104, 105]
 */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> | null {
  try {
    const binary = atob(text);
    if (btoa(binary) !== text) return null;
    return Uint8Array.from(binary, (char) => char.charCodeAt(0));
  } catch {
    return null;
  }
}

/**
 * Decodes canonical base64url without padding; `null` if the text is anything else.
 *
 * @example
 * decodeBase64Url("aGk"); // Uint8Array [104, 105]
 */
export function decodeBase64Url(text: string): Uint8Array<ArrayBuffer> | null {
  if (!/^[\w-]*$/.test(text)) return null;
  return decodeUnpadded(text.replaceAll("-", "+").replaceAll("_", "/"));
}

/** Decodes canonical base64 without padding. */
export function decodeUnpadded(text: string): Uint8Array<ArrayBuffer> | null {
  return decodeBase64(text.padEnd(Math.ceil(text.length / 4) * 4, "="));
}
