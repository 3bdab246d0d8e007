import { useRef } from "react";
import { RoomProvider } from "rollcall/react";
import { useCursors } from "rollcall/react/cursors";
import { signals } from "rollcall/signals";

function Board() {
  const board = useRef<HTMLDivElement>(null);
  const cursors = useCursors(board);
  return (
    <div ref={board} style={{ position: "relative", height: 400 }}>
      {cursors.map(({ connection, name, color, style }) => (
        <span key={connection} style={{ ...style, color }}>
          ➤ {name}
        </span>
      ))}
    </div>
  );
}

export const App = () => (
  <RoomProvider url="/rooms/board" signals={signals}>
    <Board />
  </RoomProvider>
);
