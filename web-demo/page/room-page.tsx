import { useState, useSyncExternalStore } from "react";
import { signOut } from "./account-store.ts";
import { Announcer } from "./announcer.tsx";
import { Closed } from "./closed.tsx";
import { ConnectionNotice } from "./connection-notice.tsx";
import { HiddenNotice } from "./hidden-notice.tsx";
import { People } from "./people.tsx";
import { Presence } from "./presence.ts";
import { RoomHeader } from "./room-header.tsx";
import { StatusPicker } from "./status-picker.tsx";
import { useTitle } from "./use-title.ts";
import { Waiting } from "./waiting.tsx";
import { Wordmark } from "./wordmark.tsx";

export function RoomPage({ room }: { room: string }) {
  const [{ subscribe, getSnapshot, setStatus, joinAgain }] = useState(() => new Presence(room));
  const { connection, members, self, online, error } = useSyncExternalStore(subscribe, getSnapshot);
  const closed = connection === "closed";
  const known = self !== null && connection !== "connecting";

  useTitle(known && !closed ? `(${online}) ${room} · Rollcall` : `${room} · Rollcall`);

  return (
    <div className="page" data-connection={connection}>
      <nav className="top">
        <Wordmark />
        <button type="button" className="button" onClick={signOut}>
          Sign out
        </button>
      </nav>
      <main className="room">
        <RoomHeader room={room} online={known && !closed ? online : null} />
        {closed ? (
          <Closed error={error} joinAgain={joinAgain} />
        ) : known ? (
          <>
            <HiddenNotice hidden={self.chosen === "offline"} />
            <People members={members} selfId={self.id} />
          </>
        ) : (
          <Waiting />
        )}
      </main>
      {!closed && (
        <StatusPicker
          self={self}
          member={members.find((member) => member.id === self?.id)}
          error={error}
          setStatus={setStatus}
        />
      )}
      <ConnectionNotice connection={connection} error={error} />
      <Announcer members={members} self={self} live={connection === "online"} />
    </div>
  );
}
