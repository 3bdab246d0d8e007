import { Suspense } from "react";
import type { ConnectionState } from "../../src/client/index.ts";
import { useConnection } from "../../src/react/index.ts";
import { CutWords, MendedWords, PromiseWords, ReloadWords } from "./promise-words.tsx";
import { useWitness } from "./sight.ts";
import { useCut } from "./use-cut.ts";
import { type Credential, reloadPage, useReloadOutcome } from "./use-reload.ts";

const WORDS = {
  connecting: "Connecting",
  online: "Connected",
  reconnecting: "Reconnecting",
  polling: "Connected by plain HTTP",
  closed: "Not in the room",
} as const satisfies Record<ConnectionState, string>;

const byCookie: Credential = () => Promise.resolve({});

interface Props {
  room: string;
  credential?: Credential;
}

/** How this page is connected, and what others see when it is not. */
export function ConnectionCard({ room, credential = byCookie }: Props) {
  const connection = useConnection();
  const witness = useWitness(room);
  const reload = useReloadOutcome(room, credential);
  const { cutAt, outcome, toggle } = useCut(witness);
  const isCut = cutAt !== null;
  return (
    <section className="link" aria-label="Connection" data-connection={connection}>
      <p className="state">{WORDS[connection]}</p>
      {/* Here before its words are, so that screen readers tell of them. */}
      <div className="hint" aria-live="polite" aria-atomic="true">
        <Suspense>
          {isCut ? (
            <CutWords cutAt={cutAt} witness={witness} />
          ) : outcome ? (
            <MendedWords outcome={outcome} witness={witness} />
          ) : reload ? (
            <ReloadWords outcome={reload} />
          ) : (
            <PromiseWords witness={witness} />
          )}
        </Suspense>
      </div>
      <p className="buttons">
        <button type="button" className="button" onClick={toggle}>
          {isCut ? "Mend the network" : "Cut the network"}
        </button>
        <button
          type="button"
          className="button"
          disabled={connection !== "online"}
          onClick={() => reloadPage(room)}
        >
          Reload this page
        </button>
      </p>
    </section>
  );
}
