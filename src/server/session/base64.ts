/**
 * Decodes canonical base64; `null` where the text is anything else, so that one value has one
 * spelling.
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
