"use client";
import { useEffect, useRef, useSyncExternalStore } from "react";
import type {
  ConnectionState,
  Member,
  RoomError,
  RoomEvent,
  RoomHandle,
  RoomState,
  Self,
  Status,
} from "../client/index.ts";
import { findMember } from "./find-member.ts";
import type { ProvidedRoom } from "./provided-room.ts";

/** The hooks of one kind of room. Each renders its component only where what it returns has changed. */
export interface RoomHooks<D extends object> {
  /**
   * The handle of the room around: `setStatus`, `setData`, `on`, `join`, `leave`. It renders nothing
   * anew.
   *
   * @example
   * const room = useRoom();
   * <input onChange={() => room.setData({ typing: true })} />;
   */
  useRoom(): RoomHandle<D>;
  /**
   * Everybody in the room, ordered by id; renders when anybody changes.
   *
   * @example
   * useMembers().map(({ id, name }) => <li key={id}>{name}</li>);
   */
  useMembers(): readonly Member<D>[];
  /**
   * One member, `undefined` where the room has none of this id; renders when that member changes. In
   * a provider with `window` this watches them while the component is mounted.
   *
   * @example
   * const ada = useMember("ada"); // ada?.status
   */
  useMember(id: string | undefined): Member<D> | undefined;
  /**
   * The own id and chosen status, `null` until the room has told. As others see it, the own member is
   * `useMember(self?.id)`.
   *
   * @example
   * const me = useMember(useSelf()?.id);
   */
  useSelf(): Self | null;
  /**
   * The status that the person chose, `null` while the room tells it by presence, and what chooses
   * another for all their tabs.
   *
   * @example
   * const [status, setStatus] = useStatus();
   * <button onClick={() => setStatus(status === "busy" ? null : "busy")}>Busy</button>;
   */
  useStatus(): readonly [Status | null, (status: Status | null) => void];
  /**
   * How many members are not offline.
   *
   * @example
   * <p>{useOnlineCount()} online</p>;
   */
  useOnlineCount(): number;
  /**
   * How many watch the room with `present={false}`, in a provider with `window`; `null` until the
   * room has told.
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
   * Why the room is closed to this page, or not there yet, or refused what it sent; or `null`.
   *
   * @example
   * if (useError()?.code === "session_expired") return <SignIn />;
   */
  useError(): RoomError | null;
  /**
   * Calls the latest `listener` with each event of this name from the app's backend, while the
   * component is mounted. It renders nothing anew.
   *
   * @example
   * useRoomEvent("doc.saved", ({ data }) => toast(`Saved: ${String(data)}`));
   */
  useRoomEvent(name: string, listener: (event: RoomEvent) => void): void;
}

/** The hooks of the room that `useProvided` gives. */
export function createHooks(useProvided: () => ProvidedRoom): RoomHooks<object> {
  /** `select` answers the same value for the same state, so that only its changes render. */
  function useSelected<Selected>(select: (state: RoomState) => Selected): Selected {
    const { subscribe, getSnapshot, getServerSnapshot } = useProvided();
    return useSyncExternalStore(
      subscribe,
      () => select(getSnapshot()),
      () => select(getServerSnapshot()),
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
      return useSelected(({ members }) => (id === undefined ? id : findMember(members, id)));
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
    useRoomEvent(name, listener) {
      const room = useProvided();
      const latest = useRef(listener);
      useEffect(() => {
        latest.current = listener;
      });
      useEffect(
        () => room.on("event", (event) => event.name === name && latest.current(event)),
        [room, name],
      );
    },
  };
}
