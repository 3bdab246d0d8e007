import { useSyncExternalStore } from "react";
import * as api from "./account.ts";

export type Account =
  | { is: "unknown" }
  | { is: "unreachable" }
  | { is: "signed-out" }
  | { is: "signed-in"; user: api.User };

/** Notifies the other tabs, which share the cookie, that it changed. */
const tabs = new BroadcastChannel("rollcall-account");
const listeners = new Set<() => void>();

let account: Account = { is: "unknown" };
let moments = 0;
/** The time of the shown account: answers come in any order. */
let shown = 0;

function show(next: Account, moment = ++moments): void {
  if (moment < shown) return;
  account = next;
  shown = moment;
  for (const listener of listeners) listener();
}

const fromUser = (user: api.User | null): Account =>
  user ? { is: "signed-in", user } : { is: "signed-out" };

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useAccount(): Account {
  return useSyncExternalStore(subscribe, () => account);
}

/** Asks who is signed in. */
export async function loadAccount(): Promise<void> {
  const asked = ++moments;
  show(await api.readUser().then(fromUser, (): Account => ({ is: "unreachable" })), asked);
}

export async function signIn(who: Parameters<typeof api.signIn>[0]): Promise<void> {
  show(fromUser(await api.signIn(who)));
  tabs.postMessage("changed");
}

export async function signOut(): Promise<void> {
  // The page leaves its room at once, whether or not the cookie is removed.
  show({ is: "signed-out" });
  try {
    await api.signOut();
  } catch {
    return loadAccount();
  }
  tabs.postMessage("changed");
}

tabs.addEventListener("message", () => void loadAccount());
