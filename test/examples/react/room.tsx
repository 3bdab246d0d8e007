import { RoomProvider, useMembers, useStatus } from "rollcall/react";

export function People() {
  const [chosen, setStatus] = useStatus();
  const here = useMembers().filter(({ status }) => status !== "offline");
  return (
    <>
      <p>{here.map(({ name, status }) => `${name}: ${status}`).join(", ")}</p>
      <button onClick={() => setStatus(chosen === "busy" ? null : "busy")}>Busy</button>
    </>
  );
}

export const App = () => (
  <RoomProvider url="/rooms/lobby">
    <People />
  </RoomProvider>
);
