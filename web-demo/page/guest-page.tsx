import { RoomProvider, useMember, useRoom, useSelf } from "../../src/react/index.ts";
import type { Farewell } from "./company.tsx";
import { ConnectionCard } from "./connection-card.tsx";
import { forgetGuest, guestCredential, guestToken } from "./guest-account.ts";
import { ROOM_OPTIONS, socketsClosed } from "./network.ts";
import { RoomPanel } from "./room-panel.tsx";
import { StatusSelect } from "./status-select.tsx";
import { useTitle } from "./use-title.ts";

/** The page of the second viewer, within a visitor's. */
export function GuestPage({ room }: { room: string }) {
  useTitle(`${room} · Rollcall`);
  return (
    <RoomProvider
      url={`/rooms/${room}`}
      getToken={guestToken}
      onUnauthorized={forgetGuest}
      {...ROOM_OPTIONS}
    >
      <div className="guest">
        <Screen />
        <main className="room">
          <RoomPanel room={room} level={1} action={null} alone="Nobody else is here.">
            <StatusSelect />
          </RoomPanel>
        </main>
        <ConnectionCard room={room} credential={guestCredential}>
          <Leave />
        </ConnectionCard>
      </div>
    </RoomProvider>
  );
}

/** Whose page this is. */
function Screen() {
  const me = useMember(useSelf()?.id);
  return (
    <header className="screen">
      <p>{me ? <bdi>{me.name}’s screen</bdi> : "Joining…"}</p>
      <p className="hint">Another person, with a sign-in of their own</p>
    </header>
  );
}

const bid = (word: Farewell) => parent.postMessage(word, location.origin);

function Leave() {
  const { leave } = useRoom();

  async function end() {
    bid("leaving");
    leave();
    // The frame that leaves is sent in a task of its own.
    await new Promise((resolve) => setTimeout(resolve));
    await socketsClosed();
    bid("left");
  }

  return (
    <button type="button" className="button" onClick={end}>
      Leave
    </button>
  );
}
