"use client";
import { createContext, type ReactNode, useContext, useEffect, useMemo, useRef } from "react";
import type { Data, JoinOptions, SignInOptions } from "../client/index.ts";
import { createHooks, type RoomHooks } from "./hooks.ts";
import { type ProvidedRoom, provideRoom } from "./provided-room.ts";

export interface RoomProviderProps<D extends object = Data> extends JoinOptions<D> {
  /**
   * The room's URL, or its path on the page's own origin. If it changes, the provider switches
   * rooms.
   */
  url: string | URL;
  children?: ReactNode;
}

export interface RoomContext<D extends object = Data> extends RoomHooks<D> {
  /**
   * Makes the page present in a room while this is mounted, and gives the room to the hooks inside.
   * It takes the options of `joinRoom` from the first render, but calls the latest `getToken`,
   * `getTicket` and `onUnauthorized`. If `user` or `present` changes, it joins again; if `autoJoin`
   * becomes `true`, it joins.
   *
   * @example
   * <RoomProvider url="/rooms/lobby">
   *   <People />
   * </RoomProvider>
   */
  RoomProvider(props: RoomProviderProps<D>): ReactNode;
}

/**
 * Creates a provider and hooks with typed `data`. A page can be in two rooms at once, and each hook
 * belongs to one of them.
 *
 * @example
 * const { RoomProvider, useMembers } = createRoomContext<{ typing: boolean }>();
 */
export function createRoomContext<D extends object = Data>(): RoomContext<D> {
  const Context = createContext<ProvidedRoom | null>(null);
  const hooks = createHooks(() => {
    const room = useContext(Context);
    if (room === null) throw new Error("No <RoomProvider>.");
    return room;
  });

  function RoomProvider({ url, children, ...options }: RoomProviderProps) {
    const room = useRoomOf(String(url), options);
    return <Context.Provider value={room}>{children}</Context.Provider>;
  }

  // The app and its types decide what the data are.
  return { ...hooks, RoomProvider } as unknown as RoomContext<D>;
}

/** The room at a URL, joined on mount and left on unmount. */
function useRoomOf(href: string, options: JoinOptions): ProvidedRoom {
  const { user, present, autoJoin } = options;
  const latest = useRef<SignInOptions>(options);
  const isLeaving = useRef(false);
  const room = useMemo(
    () => provideRoom(href, { ...options, ...callLatest(options, latest) }, options),
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- the options are those of the join
    [href, user, present],
  );

  useEffect(() => {
    latest.current = options;
  });
  useEffect(() => {
    isLeaving.current = false;
    return () => {
      isLeaving.current = true;
    };
  }, []);
  useEffect(() => {
    room.enter();
    return () => room.exit(!isLeaving.current);
  }, [room]);
  useEffect(() => {
    if (autoJoin !== false) room.join();
  }, [room, autoJoin]);
  return room;
}

/** The functions among the options; they call those of the latest render, which see its state. */
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
