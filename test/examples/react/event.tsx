import { useState } from "react";
import { RoomProvider, useRoomEvent } from "rollcall/react";

function Banner() {
  const [version, setVersion] = useState<number>();
  useRoomEvent("deployed", ({ data }) => setVersion((data as { version: number }).version));
  return version === undefined ? null : <p>Version {version} is out. Reload the page.</p>;
}

export const App = () => (
  <RoomProvider url="/rooms/everyone">
    <Banner />
  </RoomProvider>
);
