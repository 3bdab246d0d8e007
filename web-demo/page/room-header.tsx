import { CopyLink } from "./copy-link.tsx";

/** `online` is `null` until the room has told it. */
export function RoomHeader({ room, online }: { room: string; online: number | null }) {
  return (
    <header className="room-header">
      <h1 data-long={room.length > 20}>{room}</h1>
      <div className="about">
        {online !== null && (
          <p className="online" data-lit={online > 0}>
            {online === 0 ? "nobody online" : `${online} online`}
          </p>
        )}
        <CopyLink />
      </div>
    </header>
  );
}
