import { openHandle } from "../client/handle.ts";
import type { JoinOptions, RoomHandle, RoomState } from "../client/index.ts";
import { roomUrl } from "../client/room-url.ts";
import { findShare, type Share } from "../client/share.ts";
import { stateOf } from "../client/state.ts";
import { LINGER_MS } from "../client/times.ts";

/** The room of one provider, also before it is joined: rendering may happen on a server. */
export interface ProvidedRoom extends RoomHandle {
  /** Whether the room shows only whom it watches. */
  readonly isWindow: boolean;
  /** The state that the server rendered and the browser must hydrate. */
  getServerSnapshot(): RoomState;
  /** The provider is mounted. */
  enter(): void;
  /** The provider is unmounted, or mounted for another room: then it leaves at once. */
  exit(atOnce: boolean): void;
}

/** `given` are the options as the app wrote them; `options` call the latest functions among them. */
export function provideRoom(url: string, options: JoinOptions, given: JoinOptions): ProvidedRoom {
  const handle = openHandle(url, options, given);
  let isEntered = options.autoJoin === false;
  const atFirst = isEntered ? handle.getSnapshot() : stateOf("connecting", options.initial);
  const listeners = new Set<() => void>();
  /** The share that is kept for the next provider that mounts. */
  let kept: Share | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tell = () => {
    for (const listener of listeners) listener();
  };
  const shareOfUrl = () => findShare(roomUrl(url), given);
  const keep = (share?: Share) => {
    if (kept) kept.lingering--;
    kept = share;
    if (kept) kept.lingering++;
  };
  const leave = () => {
    keep();
    handle.leave();
  };
  handle.subscribe(tell);
  return {
    ...handle,
    isWindow: Boolean(options.window),
    // Another provider may show the room already before an effect can join.
    getSnapshot: () =>
      isEntered ? handle.getSnapshot() : (shareOfUrl()?.connection.state ?? atFirst),
    getServerSnapshot: () => atFirst,
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    enter() {
      clearTimeout(timer);
      keep();
    },
    exit(atOnce) {
      if (atOnce) return leave();
      if (handle.getSnapshot().connection !== "closed") keep(shareOfUrl());
      timer = setTimeout(leave, LINGER_MS);
    },
    join() {
      isEntered = true;
      handle.join();
    },
    // Unlike the handle's own method, notifies what renders the room.
    leave() {
      handle.leave();
      tell();
    },
  };
}
