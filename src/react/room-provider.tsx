"use client";
import { type ReactNode, useEffect, useMemo, useRef } from "react";
import type { JoinOptions, SignInOptions } from "../client/index.ts";
import { ProvidedRoom } from "./provided-room.ts";
import { RoomContext } from "./room-context.ts";

export interface RoomProviderProps extends JoinOptions {
  /** The room's URL, or its path on the page's own origin. Another moves to another room. */
  url: string | URL;
  children?: ReactNode;
}

/**
 * Makes the page present in a room while this is mounted, and the room known to the hooks inside.
 * The options are `joinRoom`'s, those of when the room was first rendered; of `getToken`, `getTicket`
 * and `onUnauthorized` the latest are called.
 *
 * @example
 * <RoomProvider url="/rooms/lobby">
 *   <People />
 * </RoomProvider>
 */
export function RoomProvider({ url, children, ...options }: RoomProviderProps) {
  const href = String(url);
  const latest = useRef<SignInOptions>(options);
  const room = useMemo(
    () => new ProvidedRoom(href, { ...options, ...callLatest(options, latest) }),
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- the options are those of the join
    [href],
  );

  useEffect(() => {
    latest.current = options;
  });
  useEffect(() => room.enter(), [room]);

  return <RoomContext.Provider value={room}>{children}</RoomContext.Provider>;
}

/** The functions among the options, calling those of the latest render, which see its state. */
function callLatest(
  { getToken, getTicket, onUnauthorized }: SignInOptions,
  latest: { readonly current: SignInOptions },
): SignInOptions {
  return {
    ...(getToken && { getToken: () => (latest.current.getToken ?? getToken)() }),
    ...(getTicket && { getTicket: () => (latest.current.getTicket ?? getTicket)() }),
    ...(onUnauthorized && {
      onUnauthorized: (error) => (latest.current.onUnauthorized ?? onUnauthorized)(error),
    }),
  };
}
