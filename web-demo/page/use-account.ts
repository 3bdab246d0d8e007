import { useEffect, useState } from "react";
import type { Picture } from "../pictures.ts";
import * as api from "./account.ts";

export type Account =
  | { is: "unknown" }
  | { is: "unreachable" }
  | { is: "signed-out" }
  | { is: "signed-in"; user: api.User };

/** Tells the other tabs, which share the cookie, that it changed. */
const tabs = new BroadcastChannel("rollcall-account");

const fromUser = (user: api.User | null): Account =>
  user ? { is: "signed-in", user } : { is: "signed-out" };

export function useAccount() {
  const [account, setAccount] = useState<Account>({ is: "unknown" });
  const [attempt, setAttempt] = useState(0);

  const retry = () => setAttempt((count) => count + 1);

  useEffect(() => {
    let current = true;
    const show = (next: Account) => current && setAccount(next);
    api.readUser().then(
      (user) => show(fromUser(user)),
      () => show({ is: "unreachable" }),
    );
    return () => {
      current = false;
    };
  }, [attempt]);

  useEffect(() => {
    tabs.addEventListener("message", retry);
    return () => tabs.removeEventListener("message", retry);
  }, []);

  return {
    account,
    retry,
    async signIn(name: string, picture: Picture | undefined) {
      setAccount(fromUser(await api.signIn(name, picture)));
      tabs.postMessage("changed");
    },
    async signOut() {
      setAccount({ is: "signed-out" });
      await api.signOut();
      tabs.postMessage("changed");
    },
  };
}
