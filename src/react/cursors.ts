"use client";
import {
  type CSSProperties,
  type RefObject,
  useEffect,
  useMemo,
  useState,
  useSyncExternalStore,
} from "react";
import { type Cursor as Pointer, type Place } from "../cursors/cursor.ts";
import { type CursorRoom, CursorStore } from "../cursors/cursor-store.ts";
import { followPointer } from "../cursors/follow-pointer.ts";
import { useRoom } from "./room.ts";

/** The pointer of another page in the room. */
export interface Cursor extends Pointer {
  /**
   * Puts what is drawn for it at its place in the element, which must be positioned, and moves it
   * there evenly, unless the person asked for less motion.
   */
  readonly style: CSSProperties;
}

/**
 * Sends where the pointer is in an element, and returns the pointers of the other pages there.
 * Re-renders when one of them comes, moves or goes.
 */
export type UseCursors = (
  ref: RefObject<HTMLElement | null>,
  options?: { name?: string },
) => readonly Cursor[];

const NONE: readonly Cursor[] = [];
const MOVING = "left .1s linear, top .1s linear";

const percent = (share: number) => `${Number((share * 100).toFixed(2))}%`;

function styleOf({ x, y }: Place): CSSProperties {
  const isStill = globalThis.matchMedia?.("(prefers-reduced-motion: reduce)").matches;
  return {
    position: "absolute",
    left: percent(x),
    top: percent(y),
    pointerEvents: "none",
    ...(!isStill && { transition: MOVING }),
  };
}

/**
 * Creates `useCursors` for a context of your own.
 *
 * @example
 * const Board = createRoomContext();
 * const useBoardCursors = cursorsOf(Board.useRoom);
 */
export function cursorsOf(useOwnRoom: () => CursorRoom): UseCursors {
  return function useCursors(ref, { name } = {}) {
    const room = useOwnRoom();
    const [element, setElement] = useState<HTMLElement | null>(null);
    // The element may come, or be another, at any render; the same one causes no other render.
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- a ref's change is no render's
    useEffect(() => setElement(ref.current));
    const store = useMemo(() => new CursorStore(room, name), [room, name]);
    useEffect(() => {
      if (!element) return undefined;
      const over = new AbortController();
      followPointer(element, (place) => store.tell(place), over.signal);
      return () => over.abort();
    }, [store, element]);
    const pointers = useSyncExternalStore(store.subscribe, store.getSnapshot, () => NONE);
    return useMemo(() => pointers.map((each) => ({ ...each, style: styleOf(each) })), [pointers]);
  };
}

/**
 * Sends where the pointer is in an element, and returns the pointers of the other pages there, in
 * the provider's room. The provider needs `signals` of `rollcall/signals`.
 *
 * @example
 * const board = useRef<HTMLDivElement>(null);
 * const cursors = useCursors(board);
 */
export const useCursors: UseCursors = cursorsOf(useRoom);
