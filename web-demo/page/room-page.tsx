import { Announcer } from "./announcer.tsx";
import { Closed } from "./closed.tsx";
import { ConnectionNotice } from "./connection-notice.tsx";
import { HiddenNotice } from "./hidden-notice.tsx";
import { People } from "./people.tsx";
import { RoomHeader } from "./room-header.tsx";
import { StatusPicker } from "./status-picker.tsx";
import { useRoom } from "./use-room.ts";
import { useTitle } from "./use-title.ts";
import { Waiting } from "./waiting.tsx";
import { Wordmark } from "./wordmark.tsx";

interface Props {
  room: string;
  signOut(): Promise<void>;
}

export function RoomPage({ room, signOut }: Props) {
  const { state, setStatus, joinAgain } = useRoom(room);
  const { connection, members, self, online, error } = state;
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
          <Closed error={error} joinAgain={joinAgain} signOut={signOut} />
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
