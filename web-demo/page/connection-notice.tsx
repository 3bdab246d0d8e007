import { useEffect, useState } from "react";
import type { ConnectionState, RoomError } from "../../src/client/index.ts";

/** How long a refused frame is shown: the connection itself works. */
const REFUSAL_MS = 6000;

interface Props {
  connection: ConnectionState;
  error: RoomError | null;
}

/** Says what is wrong with the connection while it may recover. */
export function ConnectionNotice({ connection, error }: Props) {
  const [read, setRead] = useState<RoomError | null>(null);

  useEffect(() => {
    const timer = setTimeout(() => setRead(error), REFUSAL_MS);
    return () => clearTimeout(timer);
  }, [error]);

  return (
    <output className="connection">
      {connection === "connecting" && (
        <span className="note late">
          <span className="spinner" aria-hidden="true" />
          Still connecting…
        </span>
      )}
      {connection === "reconnecting" && (
        <span className="note soon">
          <span className="spinner" aria-hidden="true" />
          Reconnecting… What you see may be old.
        </span>
      )}
      {connection === "online" && error && error !== read && (
        <span className="note">{error.message}</span>
      )}
    </output>
  );
}
