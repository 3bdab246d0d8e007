import {
  RoomProvider,
  useConnection,
  useError,
  useOnlineCount,
  useRoom,
  useSelf,
} from "../../src/react/index.ts";
import { signOut } from "./account-store.ts";
import { Announcer } from "./announcer.tsx";
import { Beside, OpenBeside } from "./beside.tsx";
import { ConnectionCard } from "./connection-card.tsx";
import { ConnectionNotice } from "./connection-notice.tsx";
import { CopyLink } from "./copy-link.tsx";
import { NETWORK } from "./network.ts";
import { RoomPanel } from "./room-panel.tsx";
import { StatusPicker } from "./status-picker.tsx";
import { useTitle } from "./use-title.ts";
import { Wire } from "./wire.tsx";
import { Wordmark } from "./wordmark.tsx";

/** A reload or a closed window must not leave: the room's grace period covers it. */
export function RoomPage({ room, user }: { room: string; user: string }) {
  return (
    <RoomProvider url={`/rooms/${room}`} user={user} {...NETWORK}>
      <Page room={room} user={user} />
    </RoomProvider>
  );
}

function Page({ room, user }: { room: string; user: string }) {
  const { leave } = useRoom();
  const connection = useConnection();
  const error = useError();
  const isKnown = useSelf() !== null && connection !== "connecting" && connection !== "closed";
  const online = useOnlineCount();
  const end = () => {
    leave();
    void signOut();
  };
  useTitle(isKnown ? `(${online}) ${room} · Rollcall` : `${room} · Rollcall`);

  return (
    <div className="page" data-connection={connection}>
      <nav className="top">
        <Wordmark />
        <button type="button" className="button" onClick={end}>
          Sign out
        </button>
      </nav>
      <div className="rooms">
        <main className="room">
          <RoomPanel room={room} level={1} action={<CopyLink />} />
        </main>
        <Beside room={room} user={user} />
      </div>
      <div className="side">
        {connection !== "closed" && <StatusPicker />}
        <ConnectionCard />
        <OpenBeside room={room} />
      </div>
      <Wire />
      <ConnectionNotice connection={connection} error={error} />
      <Announcer />
    </div>
  );
}
