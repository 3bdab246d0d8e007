"use client";
import { useSyncExternalStore } from "react";
import type {
  ConnectionState,
  Member,
  RoomError,
  RoomHandle,
  RoomState,
  Self,
  Status,
} from "../client/index.ts";
import { findMember } from "./find-member.ts";
import { useProvidedRoom } from "./room-context.ts";

/** `select` answers the same value for the same state, so that only its changes render. */
function useSelected<Selected>(select: (state: RoomState) => Selected): Selected {
  const { subscribe, getSnapshot, getServerSnapshot } = useProvidedRoom();
  return useSyncExternalStore(
    subscribe,
    () => select(getSnapshot()),
    () => select(getServerSnapshot()),
  );
}

/**
 * The handle of the room around: `setStatus`, `setData`, `join`, `leave`. It renders nothing anew.
 *
 * @example
 * const room = useRoom();
 * <input onChange={() => room.setData({ typing: true })} />;
 */
export function useRoom(): RoomHandle {
  return useProvidedRoom();
}

/**
 * Everybody in the room, ordered by id; renders when anybody changes.
 *
 * @example
 * useMembers().map(({ id, name }) => <li key={id}>{name}</li>);
 */
export function useMembers(): readonly Member[] {
  return useSelected(({ members }) => members);
}

/**
 * One member, `undefined` where the room has none of this id; renders when that member changes.
 *
 * @example
 * const ada = useMember("ada"); // ada?.status
 */
export function useMember(id: string | undefined): Member | undefined {
  return useSelected(({ members }) => (id === undefined ? undefined : findMember(members, id)));
}

/**
 * The own id and chosen status, `null` until the room has told. As others see it, the own member is
 * `useMember(self?.id)`.
 *
 * @example
 * const me = useMember(useSelf()?.id);
 */
export function useSelf(): Self | null {
  return useSelected(({ self }) => self);
}

/**
 * The status that the person chose, `null` while the room tells it by presence, and what chooses
 * another for all their tabs.
 *
 * @example
 * const [status, setStatus] = useStatus();
 * <button onClick={() => setStatus(status === "busy" ? null : "busy")}>Busy</button>;
 */
export function useStatus(): readonly [Status | null, (status: Status | null) => void] {
  const { setStatus } = useProvidedRoom();
  return [useSelected(({ self }) => self?.chosen ?? null), setStatus];
}

/**
 * How many members are not offline.
 *
 * @example
 * <p>{useOnlineCount()} online</p>;
 */
export function useOnlineCount(): number {
  return useSelected(({ online }) => online);
}

/**
 * How this page is connected.
 *
 * @example
 * if (useConnection() === "reconnecting") return <p>This list may be old.</p>;
 */
export function useConnection(): ConnectionState {
  return useSelected(({ connection }) => connection);
}

/**
 * Why the room was closed to this page, or refused what it sent: a code of the SPEC, or `null`.
 *
 * @example
 * if (useError()?.code === "session_expired") return <SignIn />;
 */
export function useError(): RoomError | null {
  return useSelected(({ error }) => error);
}
