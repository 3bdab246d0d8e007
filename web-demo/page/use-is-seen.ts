import { useConnection, useSelf } from "../../src/react/index.ts";

/** Whether this page's signals are sent (SPEC K30.4). */
export function useIsSeen(): boolean {
  const isHidden = useSelf()?.chosen === "offline";
  return useConnection() === "online" && !isHidden;
}
