import { useEffect, useRef } from "react";
import { RoomProvider, useMember, useRoom, useSelf } from "../../src/react/index.ts";
import type { Extent, Farewell } from "./company.tsx";
import { ConnectionCard } from "./connection-card.tsx";
import { forgetGuest, guestCredential, guestToken } from "./guest-account.ts";
import { ROOM_OPTIONS, socketsClosed } from "./network.ts";
import { RoomPanel } from "./room-panel.tsx";
import { StatusSelect } from "./status-select.tsx";
import { useTitle } from "./use-title.ts";

const tell = (message: Extent | Farewell) => parent.postMessage(message, location.origin);

/**
 * Keeps the frame as tall as its page, so that it does not scroll within the other; of a frame that
 * is taller, the board takes the rest.
 */
function fitFrame(page: HTMLElement): () => void {
  let spare = 0;
  const fit = () => {
    const height = page.offsetHeight - (page.querySelector(".board") ? spare : 0);
    spare = Math.max(0, innerHeight - height);
    page.style.setProperty("--spare", `${spare}px`);
    tell({ height });
  };
  // In the next frame: a browser reports an observer that changes the size it is told of.
  const observer = new ResizeObserver(() => requestAnimationFrame(fit));
  observer.observe(page);
  addEventListener("resize", fit);
  return () => {
    observer.disconnect();
    removeEventListener("resize", fit);
  };
}

/** The page of the second viewer, within a visitor's. */
export function GuestPage({ room }: { room: string }) {
  const page = useRef<HTMLDivElement>(null);
  useTitle(`${room} · Rollcall`);

  useEffect(() => fitFrame(page.current!), []);

  return (
    <RoomProvider
      url={`/rooms/${room}`}
      getToken={guestToken}
      onUnauthorized={forgetGuest}
      {...ROOM_OPTIONS}
    >
      <div className="guest" ref={page}>
        <Screen />
        <main className="room">
          <RoomPanel room={room} level={1} action={<StatusSelect />} alone="Nobody else is here." />
        </main>
        <ConnectionCard room={room} credential={guestCredential} />
      </div>
    </RoomProvider>
  );
}

/** Whose page this is. */
function Screen() {
  const me = useMember(useSelf()?.id);
  return (
    <header className="screen">
      <div>
        <p>{me ? <bdi>{me.name}’s screen</bdi> : "Joining…"}</p>
        <p className="hint">Another person, with a sign-in of their own</p>
      </div>
      <Leave />
    </header>
  );
}

function Leave() {
  const { leave } = useRoom();

  async function end() {
    tell("leaving");
    leave();
    // The frame that leaves is sent in a task of its own.
    await new Promise((resolve) => setTimeout(resolve));
    await socketsClosed();
    tell("left");
  }

  return (
    <button type="button" className="button small" onClick={end}>
      Leave
    </button>
  );
}
