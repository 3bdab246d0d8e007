import { checkData } from "./check-data.ts";
import type { JoinOptions } from "./options.ts";
import { roomUrl } from "./room-url.ts";
import { countHandles, type Share, takeShare } from "./share.ts";
import { stateOf } from "./state.ts";
import type { ListenerEvents, Emit } from "./events.ts";
import type { RoomHandle } from "./types.ts";
import { GATHER_MS } from "./times.ts";

/**
 * A handle that is not in the room yet; it makes no request and does not read the URL until `join()`.
 * Handles with an equal `identity` share a connection.
 */
export function openHandle(
  url: string | URL,
  options: JoinOptions,
  identity = options,
): RoomHandle {
  const listeners = new Set<Emit>();
  /** `null` while this handle is not in the room; then the other is shown. */
  let share: Share | null = null;
  let apart = stateOf("closed", options.initial);

  const getSnapshot = () => share?.connection.state ?? apart;
  const emit: Emit = (...emitted) => {
    for (const listener of listeners) {
      try {
        listener(...emitted);
      } catch (error) {
        // Reported as an event listener's error would be; it stops nobody else.
        setTimeout(() => {
          throw error;
        });
      }
    }
  };
  const on = <Name extends keyof ListenerEvents>(
    wanted: Name,
    call: (...emitted: ListenerEvents[Name]) => void,
  ) => {
    const listener: Emit = (name, ...emitted) => {
      if (name === wanted) call(...(emitted as ListenerEvents[Name]));
    };
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };
  const regard = () => share?.connection.pace.due(GATHER_MS);
  const part = () => {
    if (!share) return;
    share.connection.listeners.delete(emit);
    regard();
    countHandles(share, -1);
    share = null;
  };

  return {
    getSnapshot,
    subscribe: (listener) => on("state", listener),
    on,
    setStatus: (status) => share?.connection.update({ status }),
    setData(data) {
      checkData(data);
      share?.connection.update({ data });
    },
    signal() {
      throw new TypeError("signal: no signals.");
    },
    ...options.signals?.(() => share?.connection),
    watch(ids) {
      if (!options.window) throw new TypeError("watch: no window.");
      const list = [...ids];
      const end = on("watched", (all) => all.push(...list));
      regard();
      return () => {
        end();
        regard();
      };
    },
    join() {
      if (getSnapshot().connection !== "closed") return;
      part();
      share = takeShare(roomUrl(url), options, identity);
      share.connection.listeners.add(emit);
      regard();
      emit("state");
    },
    leave() {
      apart = { ...getSnapshot(), connection: "closed", error: null };
      part();
    },
  };
}
