import { checkData } from "./check-data.ts";
import type { JoinOptions } from "./options.ts";
import { returnShare, type Share, takeShare } from "./share.ts";
import { stateOf } from "./state.ts";
import type { RoomHandle } from "./types.ts";

/**
 * Enters a room and stays present in it until `leave()`, through lost networks and restarts. Handles
 * of one URL share a connection where all that decides how it connects is the same: pass the same
 * functions, not new ones at each call.
 *
 * @example
 * const room = joinRoom("/rooms/lobby");
 * room.subscribe(() => console.log(room.getSnapshot().online));
 */
export function joinRoom(url: string | URL, options: JoinOptions = {}): RoomHandle {
  const listeners = new Set<() => void>();
  /** `null` while this handle is not in the room, and what is shown then. */
  let share: Share | null = null;
  let apart = stateOf("closed", options.initial);

  const getSnapshot = () => share?.connection.state ?? apart;
  const tell = () => {
    for (const listener of listeners) listener();
  };
  const part = () => {
    if (!share) return;
    share.connection.listeners.delete(tell);
    returnShare(share);
    share = null;
  };

  const handle: RoomHandle = {
    getSnapshot,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    setStatus: (status) => share?.connection.update({ status }),
    setData(data) {
      checkData(data);
      share?.connection.update({ data });
    },
    join() {
      if (getSnapshot().connection !== "closed") return;
      part();
      share = takeShare(new URL(url, globalThis.location?.href).href, options);
      share.connection.listeners.add(tell);
      tell();
    },
    leave() {
      apart = { ...getSnapshot(), connection: "closed", error: null };
      part();
    },
  };
  if (options.autoJoin !== false) handle.join();
  return handle;
}
