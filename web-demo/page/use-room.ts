import { useCallback, useEffect, useState, useSyncExternalStore } from "react";
import { joinRoom } from "../../src/client/index.ts";
import type { RoomHandle, RoomState } from "../../src/client/types.ts";
import type { Status } from "../../src/protocol/messages.ts";

const NOT_YET: RoomState = {
  connection: "connecting",
  members: [],
  self: null,
  online: 0,
  connections: 0,
  error: null,
};
const noSubscription = () => {};

/**
 * Makes this page present in a room for as long as the component lives. A reload or a closed
 * window runs no cleanup, and must not: the room's grace hides the one and times the other.
 */
export function useRoom(room: string) {
  const [handle, setHandle] = useState<RoomHandle | null>(null);
  const [attempt, setAttempt] = useState(0);

  useEffect(() => {
    const joined = joinRoom(new URL(`/rooms/${room}`, location.href));
    setHandle(joined);
    return () => joined.leave();
  }, [room, attempt]);

  const subscribe = useCallback(
    (listener: () => void) => handle?.subscribe(listener) ?? noSubscription,
    [handle],
  );
  const state = useSyncExternalStore(subscribe, () => handle?.getSnapshot() ?? NOT_YET);
  return {
    state,
    setStatus: (status: Status | null) => handle?.setStatus(status),
    joinAgain: () => setAttempt((count) => count + 1),
  };
}
