import { type CSSProperties, type ReactNode, useEffect, useState } from "react";
import { useSettings } from "./settings.ts";
import type { Witness } from "./sight.ts";
import { STATUS_WORDS } from "./status-mark.tsx";
import type { CutOutcome } from "./use-cut.ts";
import type { ReloadOutcome } from "./use-reload.ts";

const TICK_MS = 250;

const seconds = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

const lasting = (ms: number) => `${seconds.format(ms / 1000)}\u00a0s`;
const frames = (count: number) => (count === 1 ? "1 frame" : `${count} frames`);

/** What is promised, before it is tried. */
export function PromiseWords({ witness }: { witness: Witness | null }) {
  const { graceSeconds } = useSettings();
  return (
    <p>
      Nobody sees a reload or a short outage: your place is kept for {graceSeconds}&nbsp;s.{" "}
      {witness ? `Try it: ${witness.name} is watching.` : "Try it with a second viewer beside you."}
    </p>
  );
}

function useNow(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  return now;
}

/** While the network is cut: what others still see, for how long, and what they see then. */
export function CutWords({ cutAt, witness }: { cutAt: number; witness: Witness | null }) {
  const { graceSeconds } = useSettings();
  const left = Math.ceil((cutAt + graceSeconds * 1000 - useNow()) / 1000);
  const others = witness?.name ?? "Others";
  const isGone = witness ? witness.status === "offline" : left <= 0;
  if (isGone) {
    return (
      <Outcome>
        <strong>{witness ? `${others} sees you as offline.` : "Others see you as offline."}</strong>{" "}
        You were away for longer than {graceSeconds}&nbsp;s. Mend the network, and you are back.
      </Outcome>
    );
  }
  const status = witness && STATUS_WORDS[witness.status].toLowerCase();
  return (
    <>
      <Outcome>
        <strong>
          {witness ? `${others} still sees you as ${status}.` : "Others still see you."}
        </strong>{" "}
        Your place is kept
        <span aria-hidden="true">{left > 0 ? ` for ${left}\u00a0s more.` : " a moment more."}</span>
      </Outcome>
      <span
        className="fuse"
        style={{ "--grace": `${graceSeconds}s` } as CSSProperties}
        aria-hidden="true"
      />
    </>
  );
}

interface MendedProps {
  outcome: CutOutcome;
  witness: Witness | null;
}

/** After the network was mended: what others were told. */
export function MendedWords({ outcome: { afterMs, told }, witness }: MendedProps) {
  const { graceSeconds } = useSettings();
  const isShort = told === null ? afterMs < graceSeconds * 1000 : told === 0;
  const whom = told === null || !witness ? "Others were" : `${witness.name} was`;
  return (
    <Outcome>
      Back after {lasting(afterMs)}.{" "}
      <strong>
        {told === null
          ? isShort
            ? "Others saw nothing of it."
            : "Others saw you leave and return."
          : `${whom} told ${frames(told)}.`}
      </strong>{" "}
      {told !== null && (isShort ? "Nothing flickered." : "You left, and you returned.")}
    </Outcome>
  );
}

/** After a reload: what others were told. */
export function ReloadWords({ outcome }: { outcome: ReloadOutcome }) {
  const { afterMs, version, hasMoved, told } = outcome;
  return (
    <Outcome>
      Reloaded in {lasting(afterMs)}.{" "}
      {told === null ? (
        "What others were told meanwhile can no longer be read."
      ) : (
        <>
          <strong>
            Others were told {told > 0 && "up to "}
            {frames(told)} about it.
          </strong>{" "}
          {hasMoved
            ? `The room is at version ${version}.`
            : `The room is still at version ${version}.`}
        </>
      )}
    </Outcome>
  );
}

function Outcome({ children }: { children: ReactNode }) {
  return <p className="outcome">{children}</p>;
}
