import { useSyncExternalStore } from "react";
import { type ConnectionState } from "../../src/client/index.ts";
import { useConnection } from "../../src/react/index.ts";
import { cutNetwork, isNetworkCut, subscribeToNetwork } from "./network.ts";

const WORDS = {
  connecting: "Connecting",
  online: "Connected",
  reconnecting: "Reconnecting",
  polling: "Connected by plain HTTP",
  closed: "Not in the room",
} as const satisfies Record<ConnectionState, string>;

/** How this page is connected, and a switch to see what happens when it is not. */
export function ConnectionCard() {
  const connection = useConnection();
  const isCut = useSyncExternalStore(subscribeToNetwork, isNetworkCut);
  return (
    <section className="link" aria-label="Connection" data-connection={connection}>
      <p className="state">{WORDS[connection]}</p>
      <p className="hint">
        {isCut
          ? "Nothing gets in or out of this page’s rooms. Mend it, and the list catches up."
          : "Drops this page’s connections. Others see you go only if you stay away."}
      </p>
      <button type="button" className="button" onClick={() => cutNetwork(!isCut)}>
        {isCut ? "Mend the network" : "Cut the network"}
      </button>
    </section>
  );
}
