/**
 * The address of a room, from the URL that the app gives: a path is on the page's own origin.
 *
 * @example
 * roomUrl("ws://localhost:8787/rooms/lobby#top"); // "http://localhost:8787/rooms/lobby"
 */
export function roomUrl(room: string | URL): string {
  const url = new URL(room, globalThis.location?.href);
  url.protocol = url.protocol.replace("ws", "http");
  url.hash = "";
  if (!url.protocol.startsWith("http")) throw new TypeError(`${url.href} is no http: URL.`);
  return url.href;
}
