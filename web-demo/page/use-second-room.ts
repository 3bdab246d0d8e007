import { useSyncExternalStore } from "react";
import { isRoomName } from "../../src/protocol/room-name.ts";

const KEY = "beside";

const listeners = new Set<() => void>();

function readSecondRoom(): string | null {
  return new URLSearchParams(location.search).get(KEY);
}

function showSecondRoom(room: string | null): void {
  const url = new URL(location.href);
  if (room === null) url.searchParams.delete(KEY);
  else url.searchParams.set(KEY, room);
  history.replaceState(null, "", url);
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  addEventListener("popstate", listener);
  return () => {
    listeners.delete(listener);
    removeEventListener("popstate", listener);
  };
}

/** The room in the address's `?beside=`, so that a reload keeps it; never `room` itself. */
export function useSecondRoom(room: string): [string | null, (room: string | null) => void] {
  const second = useSyncExternalStore(subscribe, readSecondRoom);
  const isRoom = second !== null && second !== room && isRoomName(second);
  return [isRoom ? second : null, showSecondRoom];
}
