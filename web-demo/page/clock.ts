import { useSyncExternalStore } from "react";

const PERIOD_MS = 10_000;

const listeners = new Set<() => void>();
let now = Date.now();
let timer: number | undefined;

function tick() {
  now = Date.now();
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= window.setInterval(tick, PERIOD_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** The time, in steps of ten seconds: one timer for the whole page, only while it is used. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}
