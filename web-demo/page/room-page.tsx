import { useSyncExternalStore } from "react";
import {
  useConnection,
  useError,
  useOnlineCount,
  useRoom,
  useSelf,
} from "../../src/react/index.ts";
import { ABOUT, Reading } from "./about.tsx";
import type { User } from "./account.ts";
import { Announcer } from "./announcer.tsx";
import { Beside, OpenBeside } from "./beside.tsx";
import { CodeCard } from "./code-card.tsx";
import { Company } from "./company.tsx";
import { ConnectionCard } from "./connection-card.tsx";
import { ConnectionNotice } from "./connection-notice.tsx";
import { CopyLink } from "./copy-link.tsx";
import { Room } from "./here.tsx";
import { isNetworkCut, ROOM_OPTIONS, subscribeToNetwork } from "./network.ts";
import { RoomPanel } from "./room-panel.tsx";
import { Self } from "./self.tsx";
import { StatusPicker } from "./status-picker.tsx";
import { TopNav } from "./top-nav.tsx";
import { useTitle } from "./use-title.ts";
import { Wire } from "./wire.tsx";

/** A reload or a closed window must not leave: the room's grace period covers it. */
export function RoomPage({ room, user }: { room: string; user: User }) {
  return (
    <Room name={room} user={user.id} {...ROOM_OPTIONS}>
      <Page room={room} user={user} />
    </Room>
  );
}

function Page({ room, user }: { room: string; user: User }) {
  const { leave } = useRoom();
  const connection = useConnection();
  const error = useError();
  const isClosed = connection === "closed";
  const isKnown = useSelf() !== null && connection !== "connecting" && !isClosed;
  const online = useOnlineCount();
  // Whoever has cut it need not be told, and looks at what the notice would cover.
  const isCut = useSyncExternalStore(subscribeToNetwork, isNetworkCut);
  useTitle(isKnown ? `(${online}) ${room} · Rollcall` : `${room} · Rollcall`);

  return (
    <div className="page" data-connection={connection}>
      <TopNav here="Room">
        <Self name={user.name} leave={leave} />
      </TopNav>
      <section className="about-rollcall" aria-label="About">
        <p>{ABOUT}</p>
        <Reading />
      </section>
      <div className="rooms">
        <main className="room">
          <RoomPanel
            room={room}
            level={1}
            action={isClosed ? null : <CopyLink />}
            alone="Nobody else is here yet. Open a second viewer, or send somebody the link."
          />
        </main>
        <Beside room={room} user={user.id} />
        {!isClosed && <Company room={room} />}
      </div>
      <div className="side">
        <div>
          {!isClosed && <StatusPicker />}
          {!isClosed && <ConnectionCard room={room} />}
          <OpenBeside room={room} />
        </div>
      </div>
      <Wire />
      <CodeCard />
      <ConnectionNotice connection={isCut ? "online" : connection} error={error} />
      <Announcer />
    </div>
  );
}
