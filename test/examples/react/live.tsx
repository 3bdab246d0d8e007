import { RoomProvider, useWatching } from "rollcall/react";
import { windowOf } from "rollcall/window";

function Watching() {
  const watching = useWatching();
  return watching === null ? null : <p>{watching.toLocaleString("en")} watching</p>;
}

export const App = () => (
  <RoomProvider url="/rooms/live" present={false} window={windowOf({ limit: 0 })}>
    <Watching />
  </RoomProvider>
);
