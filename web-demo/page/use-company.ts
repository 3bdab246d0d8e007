import { useSyncExternalStore } from "react";

/** Kept over a reload, but not in the address: a link invites nobody's viewers. */
const KEY = "company";

const listeners = new Set<() => void>();

function isOpen(): boolean {
  return sessionStorage.getItem(KEY) !== null;
}

function setOpen(open: boolean): void {
  if (open) sessionStorage.setItem(KEY, "open");
  else sessionStorage.removeItem(KEY);
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Whether a second viewer is open beside this page, and a function that opens or closes it. */
export function useCompany(): [boolean, (open: boolean) => void] {
  return [useSyncExternalStore(subscribe, isOpen), setOpen];
}
