import { useEffect, useState, useSyncExternalStore } from "react";
import { useConnection, useSelf } from "../../src/react/index.ts";
import { cutNetwork, isNetworkCut, subscribeToNetwork } from "./network.ts";
import type { Witness } from "./sight.ts";

/** A network that was cut and is mended. */
export interface CutOutcome {
  /** For how long it was cut. */
  afterMs: number;
  /** How many frames the witness was sent about it; `null` if there is none. */
  told: number | null;
}

interface Cut {
  at: number;
  /** 0 until then. */
  mendedAt: number;
  /** The witness's count at that moment. */
  told: number | undefined;
}

/** Cuts and mends the network of this page, and says what came of it. */
export function useCut(witness: Witness | null): {
  /** Since when the network is cut, in milliseconds since 1970. */
  cutAt: number | null;
  outcome: CutOutcome | null;
  toggle(): void;
} {
  const isCut = useSyncExternalStore(subscribeToNetwork, isNetworkCut);
  const isOnline = useConnection() === "online";
  const isHidden = useSelf()?.chosen === "offline";
  const [cut, setCut] = useState<Cut | null>(null);
  const [outcome, setOutcome] = useState<CutOutcome | null>(null);
  const isSeen = isHidden || witness?.status !== "offline";
  const isBack = cut !== null && cut.mendedAt > 0 && isOnline && isSeen;

  if (isBack) {
    const told = witness && cut.told !== undefined ? witness.told - cut.told : null;
    setOutcome({ afterMs: cut.mendedAt - cut.at, told });
    setCut(null);
  }

  // A page that leaves the room leaves its network whole for the next one.
  useEffect(
    () => () => {
      if (isNetworkCut()) cutNetwork(false);
    },
    [],
  );

  return {
    cutAt: isCut ? (cut?.at ?? null) : null,
    outcome,
    toggle() {
      const now = Date.now();
      if (isCut) setCut(cut && { ...cut, mendedAt: now });
      else setCut({ at: now, mendedAt: 0, told: witness?.told });
      setOutcome(null);
      cutNetwork(!isCut);
    },
  };
}
