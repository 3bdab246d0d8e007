import type { JoinOptions } from "./options.ts";
import { RoomConnection } from "./room-connection.ts";

/** A connection, and how many handles use it. */
export interface Share {
  readonly url: string;
  readonly identity: JoinOptions;
  readonly connection: RoomConnection;
  handles: number;
  /** The handles that only keep the place for the next component that mounts (SPEC K29). */
  lingering: number;
}

const shares = new Set<Share>();

/** Options of a handle, not of its connection. */
const OWN = ["initial", "autoJoin", "signals"];

export function findShare(url: string, identity: JoinOptions): Share | undefined {
  return [...shares].find((share) => {
    const keys = Object.keys({ ...share.identity, ...identity }) as (keyof JoinOptions)[];
    return (
      share.url === url &&
      share.connection.state.connection !== "closed" &&
      // Meanwhile another person may have signed in: the app says so with `user`.
      (identity.user || !share.lingering || share.handles > share.lingering) &&
      keys.every((key) => share.identity[key] === identity[key] || OWN.includes(key))
    );
  });
}

/**
 * Shares the connection of this URL and identity, or opens one with these options. The identity is
 * the options as the app gave them, however its functions are wrapped here.
 */
export function takeShare(url: string, options: JoinOptions, identity: JoinOptions): Share {
  const { window } = options;
  // A window without a class fails here: it must not show the whole room.
  const Connection = (window ? window.Connection : RoomConnection) as typeof RoomConnection;
  const share = findShare(url, identity) ?? {
    url,
    identity,
    connection: new Connection(url, options),
    handles: 0,
    lingering: 0,
  };
  shares.add(share);
  countHandles(share, 1);
  return share;
}

/**
 * Counts a handle that came or went. The first one starts the connection and the last one ends it,
 * in a separate task, so that a component that unmounts and remounts in one task, as in React's
 * strict mode, does not leave.
 */
export function countHandles(share: Share, change: 1 | -1): void {
  share.handles += change;
  setTimeout(() => {
    if (share.handles > 0) share.connection.start();
    else if (shares.delete(share)) share.connection.leave();
  });
}
