import { openHandle } from "../client/handle.ts";
import type { JoinOptions, RoomHandle, RoomState } from "../client/index.ts";
import { roomUrl } from "../client/room-url.ts";
import { findShare } from "../client/share.ts";
import { stateOf } from "../client/state.ts";

/** How long an unmounted provider keeps its place: a change of route mounts another (SPEC K29). */
const LINGER_MS = 2_000;

/** The room of one provider, from before it is joined: rendering may happen on a server. */
export interface ProvidedRoom extends RoomHandle {
  /** What the server rendered, and the browser has to hydrate. */
  getServerSnapshot(): RoomState;
  /** The provider is mounted. */
  enter(): void;
  /** The provider is not mounted any more, or not for this room: then it leaves at once. */
  exit(atOnce: boolean): void;
}

/** `given` are the options as the app wrote them; `options` call the latest functions among them. */
export function provideRoom(url: string, options: JoinOptions, given: JoinOptions): ProvidedRoom {
  const handle = openHandle(url, options, given);
  const joins = options.autoJoin !== false;
  const atFirst = joins ? stateOf("connecting", options.initial) : handle.getSnapshot();
  const listeners = new Set<() => void>();
  let isEntered = !joins;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tell = () => {
    for (const listener of listeners) listener();
  };
  handle.subscribe(tell);
  return {
    ...handle,
    // Before an effect may join, another provider may show the room already.
    getSnapshot: () =>
      isEntered
        ? handle.getSnapshot()
        : (findShare(roomUrl(url), given)?.connection.state ?? atFirst),
    getServerSnapshot: () => atFirst,
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    enter: () => clearTimeout(timer),
    exit(atOnce) {
      if (atOnce) handle.leave();
      else timer = setTimeout(handle.leave, LINGER_MS);
    },
    join() {
      isEntered = true;
      handle.join();
    },
    // Unlike the handle's own, tells what renders the room.
    leave() {
      handle.leave();
      tell();
    },
  };
}
