import type { ReactNode } from "react";

interface Props {
  room: string;
  level: 1 | 2;
  /** `null` until the room has sent it. */
  online: number | null;
  /** Whether that is so now, or was when the connection was lost. */
  isLive: boolean;
  action: ReactNode;
}

export function RoomHeader({ room, level, online, isLive, action }: Props) {
  const Heading = `h${level}` as const;
  return (
    <header className="room-header">
      <Heading className="room-name" data-long={room.length > 20}>
        {room}
      </Heading>
      {(online !== null || action !== null) && (
        <div className="about">
          {online !== null && (
            <p className="online" data-lit={isLive && online > 0}>
              {online === 0 ? "nobody online" : `${online} online`}
              {!isLive && " when last heard"}
            </p>
          )}
          {action}
        </div>
      )}
    </header>
  );
}
