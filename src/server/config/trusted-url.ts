/**
 * Whether answers from a URL can be trusted: `https:`, or `http:` on this machine.
 *
 * @example
 * isTrustedUrl("http://localhost:3000/session"); // true
 */
export function isTrustedUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  if (protocol === "https:") return true;
  return protocol === "http:" && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}
