import { type SubmitEvent, useId, useState } from "react";
import { RoomProvider } from "../../src/react/index.ts";
import { Announcer } from "./announcer.tsx";
import { ROOM_OPTIONS } from "./network.ts";
import { RoomPanel } from "./room-panel.tsx";
import { StatusSelect } from "./status-select.tsx";
import { useSecondRoom } from "./use-second-room.ts";

/** A second room beside the page's own: the same person, with a separate status there. */
export function Beside({ room, user }: { room: string; user: string }) {
  const [second, setSecond] = useSecondRoom(room);
  if (second === null) return null;
  const close = (
    <button type="button" className="button" onClick={() => setSecond(null)}>
      Close
    </button>
  );
  return (
    <section className="beside" aria-label={`Beside: ${second}`}>
      <RoomProvider url={`/rooms/${second}`} user={user} {...ROOM_OPTIONS}>
        <RoomPanel room={second} level={2} action={close} alone="Nobody else is here yet.">
          <StatusSelect />
        </RoomPanel>
        <Announcer />
      </RoomProvider>
    </section>
  );
}

/** Opens a room beside the page's own, if there is none. */
export function OpenBeside({ room }: { room: string }) {
  const [second, setSecond] = useSecondRoom(room);
  const [name, setName] = useState(room === "studio" ? "lobby" : "studio");
  const id = useId();
  if (second !== null) return null;

  function submit(event: SubmitEvent) {
    event.preventDefault();
    setSecond(name);
  }

  return (
    <form className="open-beside" aria-label="Open a room beside" onSubmit={submit}>
      <label htmlFor={id}>A second room beside this one</label>
      <input
        id={id}
        value={name}
        onChange={(event) => setName(event.target.value)}
        required
        maxLength={128}
        pattern="[A-Za-z0-9][A-Za-z0-9._:~\-]*"
        title="It starts with a letter or a digit, and has letters, digits and . _ : ~ -"
        autoComplete="off"
        spellCheck={false}
      />
      <button type="submit" className="button" disabled={name === room}>
        Open
      </button>
    </form>
  );
}
