import type { ReactNode } from "react";
import {
  useConnection,
  useError,
  useMembers,
  useOnlineCount,
  useRoom,
  useSelf,
} from "../../src/react/index.ts";
import { Board } from "./board.tsx";
import { Closed } from "./closed.tsx";
import { Composer } from "./composer.tsx";
import { HiddenNotice } from "./hidden-notice.tsx";
import { People } from "./people.tsx";
import { RoomHeader } from "./room-header.tsx";
import { Waiting } from "./waiting.tsx";

interface Props {
  room: string;
  /** The heading's level: the page's own room has the first. */
  level: 1 | 2;
  /** Shown beside the number of people. */
  action: ReactNode;
  /** Said if nobody else is here. */
  alone: string;
  /** Shown between the heading and the people. */
  children?: ReactNode;
}

/** One room: its name, how many are there, and who. */
export function RoomPanel({ room, level, action, alone, children }: Props) {
  const connection = useConnection();
  const self = useSelf();
  const members = useMembers();
  const online = useOnlineCount();
  const error = useError();
  const { join } = useRoom();
  const isClosed = connection === "closed";
  const isKnown = self !== null && connection !== "connecting" && !isClosed;

  return (
    <>
      <RoomHeader
        room={room}
        level={level}
        online={isKnown ? online : null}
        isLive={connection !== "reconnecting"}
        action={action}
      />
      {children}
      {isClosed ? (
        <Closed error={error} joinAgain={join} />
      ) : isKnown ? (
        <>
          <HiddenNotice hidden={self.chosen === "offline"} />
          <People members={members} selfId={self.id} alone={alone} level={level === 1 ? 2 : 3} />
          {level === 1 && <Board />}
          <Composer />
        </>
      ) : (
        <Waiting />
      )}
    </>
  );
}
