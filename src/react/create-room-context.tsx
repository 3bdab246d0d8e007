"use client";
import { createContext, type ReactNode, useContext, useEffect, useMemo, useRef } from "react";
import type { Data, JoinOptions, SignInOptions } from "../client/index.ts";
import { createHooks, type RoomHooks } from "./hooks.ts";
import { type ProvidedRoom, provideRoom } from "./provided-room.ts";

export interface RoomProviderProps<D extends object = Data> extends JoinOptions<D> {
  /** The room's URL, or its path on the page's own origin. Another moves to another room. */
  url: string | URL;
  children?: ReactNode;
}

export interface RoomContext<D extends object = Data> extends RoomHooks<D> {
  /**
   * Makes the page present in a room while this is mounted, and the room known to the hooks inside.
   * The options are `joinRoom`'s, those of when the room was first rendered; of `getToken`,
   * `getTicket` and `onUnauthorized` the latest are called, another `user` or `present` joins anew, and an
   * `autoJoin` that turns `true` joins.
   *
   * @example
   * <RoomProvider url="/rooms/lobby">
   *   <People />
   * </RoomProvider>
   */
  RoomProvider(props: RoomProviderProps<D>): ReactNode;
}

/**
 * A provider and hooks of their own, typed by what members' data are: a page can be in two rooms at
 * once, and each hook knows whose it is.
 *
 * @example
 * const { RoomProvider, useMembers } = createRoomContext<{ typing: boolean }>();
 */
export function createRoomContext<D extends object = Data>(): RoomContext<D> {
  const Context = createContext<ProvidedRoom | null>(null);
  const hooks = createHooks(() => {
    const room = useContext(Context);
    if (room === null) throw new Error("Rollcall's hooks work inside their <RoomProvider>.");
    return room;
  });

  function RoomProvider({ url, children, ...options }: RoomProviderProps) {
    const room = useRoomOf(String(url), options);
    return <Context.Provider value={room}>{children}</Context.Provider>;
  }

  // What the data are is between the app and its types.
  return { ...hooks, RoomProvider } as unknown as RoomContext<D>;
}

/** The room at a URL, joined and left as the component is mounted and unmounted. */
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
