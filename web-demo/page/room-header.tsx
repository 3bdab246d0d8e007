import type { ReactNode } from "react";

interface Props {
  room: string;
  level: 1 | 2;
  /** `null` until the room has sent it. */
  online: number | null;
  action: ReactNode;
}

export function RoomHeader({ room, level, online, action }: Props) {
  const Heading = `h${level}` as const;
  return (
    <header className="room-header">
      <Heading className="room-name" data-long={room.length > 20}>
        {room}
      </Heading>
      <div className="about">
        {online !== null && (
          <p className="online" data-lit={online > 0}>
            {online === 0 ? "nobody online" : `${online} online`}
          </p>
        )}
        {action}
      </div>
    </header>
  );
}
