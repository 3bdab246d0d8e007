import type { ConnectionOptions, JoinOptions } from "./options.ts";
import { RoomConnection } from "./room-connection.ts";

/** A connection, and how many handles are in the room by it. */
export interface Share {
  readonly url: string;
  readonly options: JoinOptions;
  readonly connection: RoomConnection;
  handles: number;
}

const shares = new Set<Share>();

/** Which options have to be the same values for two handles to share. */
const SHARED: readonly (keyof ConnectionOptions)[] = [
  "getToken",
  "getTicket",
  "onUnauthorized",
  "idleAfterMs",
  "view",
  "WebSocket",
  "fetch",
];

/** Takes part in the connection of this URL and these options, or opens one. */
export function takeShare(url: string, options: JoinOptions): Share {
  for (const share of shares) {
    if (share.url !== url || share.connection.state.connection === "closed") continue;
    if (SHARED.some((key) => share.options[key] !== options[key])) continue;
    share.handles++;
    return share;
  }
  const share = { url, options, connection: new RoomConnection(url, options), handles: 1 };
  shares.add(share);
  settleLater(share);
  return share;
}

/** Gives a share back; the last one ends the connection. */
export function returnShare(share: Share): void {
  share.handles--;
  settleLater(share);
}

/**
 * Begins or ends a connection in a task of its own: who unmounts and mounts in one, as React's
 * strict mode does, has not left.
 */
function settleLater(share: Share): void {
  setTimeout(() => {
    if (share.handles > 0) share.connection.start();
    else if (shares.delete(share)) share.connection.leave();
  });
}
