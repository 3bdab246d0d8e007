import { useSyncExternalStore } from "react";

const PREFIX = "/in/";

function readRoomName(): string {
  if (!location.pathname.startsWith(PREFIX)) {
    const name = location.pathname.slice(1) || "lobby";
    history.replaceState(null, "", `${PREFIX}${name}${location.search}`);
  }
  const name = location.pathname.slice(PREFIX.length);
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

/** The room in the address `/in/<room>`; `/<room>` leads there too, and `/` to the lobby. */
export function useRoomName(): string {
  return useSyncExternalStore(watchAddress, readRoomName);
}
