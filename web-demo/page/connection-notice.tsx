import { useEffect, useState } from "react";
import type { ConnectionState, RoomError } from "../../src/client/types.ts";

/** How long a refused frame is talked about: the connection itself is well. */
const REFUSAL_MS = 6000;

interface Props {
  connection: ConnectionState;
  error: RoomError | null;
}

/** Says what is wrong with the connection while there is hope for it. */
export function ConnectionNotice({ connection, error }: Props) {
  const [read, setRead] = useState<RoomError | null>(null);

  useEffect(() => {
    const timer = setTimeout(() => setRead(error), REFUSAL_MS);
    return () => clearTimeout(timer);
  }, [error]);

  return (
    <div className="connection" role="status">
      {connection === "connecting" && (
        <p className="late">
          <span className="spinner" aria-hidden="true" />
          Still joining…
        </p>
      )}
      {connection === "reconnecting" && (
        <p className="soon">
          <span className="spinner" aria-hidden="true" />
          Reconnecting… This list may be old.
        </p>
      )}
      {connection === "online" && error && error !== read && <p>{error.message}</p>}
    </div>
  );
}
