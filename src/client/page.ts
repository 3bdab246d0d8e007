/**
 * Adds a listener for each type, where the runtime has such a thing: Node and React Native have
 * none of these.
 */
export function listen(
  target: EventTarget | undefined,
  types: string,
  listener: (event: Event) => void,
  options: AddEventListenerOptions,
): void {
  for (const type of types.split(" ")) target?.addEventListener?.(type, listener, options);
}

/** Calls `begin` as soon as the page is no longer only prepared for a person who may never come. */
export function onceShown(begin: () => void, signal: AbortSignal): void {
  const page = globalThis.document as (Document & { prerendering?: boolean }) | undefined;
  if (page?.prerendering) listen(page, "prerenderingchange", begin, { signal });
  else begin();
}

/**
 * Watches the page until `signal` is aborted. `onWake`: it is seen again, thawed, or its network came
 * or went, so that timers may be late, and sockets dead. `onHide`: it goes, for good or into the
 * browser's back and forward cache. `onShow`: it is back from there.
 */
export function watchPage(
  onWake: () => void,
  onHide: () => void,
  onShow: () => void,
  signal: AbortSignal,
): void {
  const page = globalThis.document;
  const options = { signal };
  listen(globalThis, "online offline", onWake, options);
  listen(globalThis, "pagehide", onHide, options);
  // The first one of a page is no return.
  const onPageShow = (event: Partial<PageTransitionEvent>) => event.persisted && onShow();
  listen(globalThis, "pageshow", onPageShow, options);
  listen(page, "resume", onWake, options);
  const onTurn = () => page.visibilityState !== "hidden" && onWake();
  listen(page, "visibilitychange", onTurn, options);
}
