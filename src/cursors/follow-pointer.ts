import type { Place } from "./cursor.ts";

/**
 * Calls `tell` with each place of the pointer in an element, and with `null` when it has left it,
 * until `signal` is aborted. A finger is nowhere once it is lifted, or scrolls.
 */
export function followPointer(
  element: HTMLElement,
  tell: (place: Place | null) => void,
  signal: AbortSignal,
): void {
  const options = { signal, passive: true };
  let isIn = false;
  const move = ({ clientX, clientY, isPrimary }: PointerEvent) => {
    if (!isPrimary) return;
    const { left, top, width, height } = element.getBoundingClientRect();
    const place = { x: (clientX - left) / width, y: (clientY - top) / height };
    // A captured pointer is followed outside, too.
    isIn = place.x >= 0 && place.x <= 1 && place.y >= 0 && place.y <= 1;
    tell(isIn ? place : null);
  };
  const leave = () => {
    if (isIn) tell(null);
    isIn = false;
  };
  const lift = ({ pointerType }: PointerEvent) => pointerType !== "mouse" && leave();
  element.addEventListener("pointermove", move, options);
  element.addEventListener("pointerdown", move, options);
  element.addEventListener("pointerleave", leave, options);
  element.addEventListener("pointercancel", leave, options);
  element.addEventListener("pointerup", lift, options);
  signal.addEventListener("abort", leave);
}
