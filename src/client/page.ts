/**
 * Adds a listener for each type, if the runtime has such events: Node and React Native have none of
 * them.
 */
export function listen(
  target: EventTarget | undefined,
  types: string,
  listener: (event: Event) => void,
  options: AddEventListenerOptions,
): void {
  for (const type of types.split(" ")) target?.addEventListener?.(type, listener, options);
}

/** Calls `begin` as soon as the page is no longer only prerendered. */
export function onceShown(begin: () => void, signal: AbortSignal): void {
  const page = globalThis.document as (Document & { prerendering?: boolean }) | undefined;
  if (page?.prerendering) listen(page, "prerenderingchange", begin, { signal });
  else begin();
}

/**
 * Watches the page until `signal` is aborted. `onWake`: it became visible, was resumed, or its
 * network came or went, so timers may be late and sockets dead. `onHide`: it is closed or goes into
 * the browser's back/forward cache. `onShow`: it is back from there.
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
  // The first `pageshow` of a page is not a return.
  const onPageShow = (event: Partial<PageTransitionEvent>) => event.persisted && onShow();
  listen(globalThis, "pageshow", onPageShow, options);
  listen(page, "resume", onWake, options);
  const onTurn = () => page.visibilityState !== "hidden" && onWake();
  listen(page, "visibilitychange", onTurn, options);
}
