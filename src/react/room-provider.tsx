"use client";
import { type ReactNode, useEffect, useMemo, useRef } from "react";
import type { JoinOptions } from "../client/index.ts";
import { ProvidedRoom } from "./provided-room.ts";
import { RoomContext } from "./room-context.ts";

export interface RoomProviderProps extends JoinOptions {
  /** The room's URL; a path is one of the page's own origin. Another URL moves to another room. */
  url: string | URL;
  children?: ReactNode;
}

/**
 * Makes the page present in a room while this is mounted, and the room known to the hooks inside.
 * The options are `joinRoom`'s, read when the room is joined; of the functions among them the latest
 * are called.
 *
 * @example
 * <RoomProvider url="/rooms/lobby">
 *   <People />
 * </RoomProvider>
 */
export function RoomProvider({ url, children, ...options }: RoomProviderProps) {
  const href = String(url);
  const latest = useRef<JoinOptions>(options);
  // oxlint-disable-next-line react-hooks/exhaustive-deps -- the options are those of the room's join
  const room = useMemo(() => new ProvidedRoom(options), [href]);

  useEffect(() => {
    latest.current = options;
  });
  useEffect(
    () => room.enter(new URL(href, document.baseURI), callLatest(latest)),
    [room, href],
  );

  return <RoomContext.Provider value={room}>{children}</RoomContext.Provider>;
}

/** Options whose functions are those of the latest render, which see its state and props. */
function callLatest(latest: { readonly current: JoinOptions }): JoinOptions {
  const { getToken, getTicket, onUnauthorized } = latest.current;
  return {
    ...latest.current,
    ...(getToken && { getToken: () => (latest.current.getToken ?? getToken)() }),
    ...(getTicket && { getTicket: () => (latest.current.getTicket ?? getTicket)() }),
    ...(onUnauthorized && {
      onUnauthorized: (error) => (latest.current.onUnauthorized ?? onUnauthorized)(error),
    }),
  };
}
