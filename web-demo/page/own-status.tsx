import { useConnection, useOnlineCount, useStatus } from "../../src/react/index.ts";

/** How many are there, and your own status, to see how fast it changes elsewhere. */
export function OwnStatus() {
  const connection = useConnection();
  const online = useOnlineCount();
  const [chosen, setStatus] = useStatus();
  const isBusy = chosen === "busy";
  return (
    <div className="about">
      {connection !== "connecting" && (
        <p className="online" data-lit={connection !== "reconnecting" && online > 0}>
          {online} online
          {connection === "reconnecting" && " when last heard"}
        </p>
      )}
      <button
        type="button"
        className="button"
        aria-pressed={isBusy}
        onClick={() => setStatus(isBusy ? null : "busy")}
      >
        Busy
      </button>
    </div>
  );
}
