"use client";
import { useEffect, useRef, useSyncExternalStore } from "react";
import type {
  ConnectionState,
  Member,
  RoomError,
  RoomEvent,
  RoomEvents,
  RoomHandle,
  RoomState,
  Self,
  Signal,
  Status,
} from "../client/index.ts";
import { findMember } from "./find-member.ts";
import type { ProvidedRoom } from "./provided-room.ts";

/** The hooks of one room context. Each re-renders its component only if its result has changed. */
export interface RoomHooks<D extends object> {
  /**
   * The handle of the room around: `setStatus`, `setData`, `on`, `join`, `leave`. It never
   * causes a re-render.
   *
   * @example
   * const room = useRoom();
   * <input onChange={() => room.setData({ typing: true })} />;
   */
  useRoom(): RoomHandle<D>;
  /**
   * All members, ordered by id; re-renders when any of them changes.
   *
   * @example
   * useMembers().map(({ id, name }) => <li key={id}>{name}</li>);
   */
  useMembers(): readonly Member<D>[];
  /**
   * One member, `undefined` if the room has none with this id; re-renders when that member changes.
   * In a provider with `window`, it watches them while the component is mounted.
   *
   * @example
   * const ada = useMember("ada"); // ada?.status
   */
  useMember(id: string | undefined): Member<D> | undefined;
  /**
   * Your own id and chosen status, `null` until the room has answered. Your own member as others
   * see it is `useMember(self?.id)`.
   *
   * @example
   * const me = useMember(useSelf()?.id);
   */
  useSelf(): Self | null;
  /**
   * The status that the person chose, `null` for automatic, and a function that chooses another for
   * all their tabs.
   *
   * @example
   * const [status, setStatus] = useStatus();
   * <button onClick={() => setStatus(status === "busy" ? null : "busy")}>Busy</button>;
   */
  useStatus(): readonly [Status | null, (status: Status | null) => void];
  /**
   * The number of members who are not offline.
   *
   * @example
   * <p>{useOnlineCount()} online</p>;
   */
  useOnlineCount(): number;
  /**
   * The number of watchers (`present={false}`), in a provider with `window`; `null` until the room
   * has sent it.
   *
   * @example
   * <p>{useWatching()} watching</p>;
   */
  useWatching(): number | null;
  /**
   * How this page is connected.
   *
   * @example
   * if (useConnection() === "reconnecting") return <p>This list may be old.</p>;
   */
  useConnection(): ConnectionState;
  /**
   * Why the page is not in the room, or what was refused, or `null`.
   *
   * @example
   * if (useError()?.code === "session_expired") return <SignIn />;
   */
  useError(): RoomError | null;
  /**
   * Calls the latest `listener` with each event of this name from the app's backend, while the
   * component is mounted. It never causes a re-render.
   *
   * @example
   * useRoomEvent("doc.saved", ({ data }) => toast(`Saved: ${String(data)}`));
   */
  useRoomEvent(name: string, listener: (event: RoomEvent) => void): void;
  /**
   * Calls the latest `listener` with each signal of this name from another page in the room, while
   * the component is mounted. It never causes a re-render.
   *
   * @example
   * useSignals("typing", ({ from }) => setTyping(from));
   */
  useSignals(name: string, listener: (signal: Signal) => void): void;
}

/** The hooks of the room that `useProvided` gives. */
export function createHooks(useProvided: () => ProvidedRoom): RoomHooks<object> {
  /** `select` returns the same value for the same state, so only changes re-render. */
  function useSelected<Selected>(select: (state: RoomState) => Selected): Selected {
    const { subscribe, getSnapshot, getServerSnapshot } = useProvided();
    return useSyncExternalStore(
      subscribe,
      () => select(getSnapshot()),
      () => select(getServerSnapshot()),
    );
  }

  /** Calls the latest `listener` with what has this name, of all events of a kind. */
  function useNamed<Kind extends "event" | "signal">(
    kind: Kind,
    name: string,
    listener: (...emitted: RoomEvents[Kind]) => void,
  ): void {
    const room = useProvided();
    const latest = useRef(listener);
    useEffect(() => {
      latest.current = listener;
    });
    useEffect(
      () => room.on(kind, (...emitted) => emitted[0].name === name && latest.current(...emitted)),
      [room, kind, name],
    );
  }

  return {
    useRoom: useProvided as () => RoomHandle<object>,
    useMembers: () => useSelected(({ members }) => members),
    useMember(id) {
      const room = useProvided();
      useEffect(
        () => (room.isWindow && id !== undefined ? room.watch([id]) : undefined),
        [room, id],
      );
      return useSelected(({ members }) => findMember(members, id));
    },
    useSelf: () => useSelected(({ self }) => self),
    useStatus() {
      const { setStatus } = useProvided();
      return [useSelected(({ self }) => self?.chosen ?? null), setStatus];
    },
    useOnlineCount: () => useSelected(({ online }) => online),
    useWatching: () => useSelected(({ watching }) => watching),
    useConnection: () => useSelected(({ connection }) => connection),
    useError: () => useSelected(({ error }) => error),
    useRoomEvent: (name, listener) => useNamed("event", name, listener),
    useSignals: (name, listener) => useNamed("signal", name, listener),
  };
}
