import { useSyncExternalStore } from "react";

const LOBBY = "/in/lobby";

function readRoomName(): string {
  if (location.pathname === "/") history.replaceState(null, "", LOBBY);
  const name = location.pathname.replace(/^\/in\//, "");
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

function watchAddress(listener: () => void): () => void {
  addEventListener("popstate", listener);
  return () => removeEventListener("popstate", listener);
}

/** The room that the address `/in/<room>` names; `/` leads to the lobby. */
export function useRoomName(): string {
  return useSyncExternalStore(watchAddress, readRoomName);
}
