import { RoomProvider, useMember } from "rollcall/react";

function Person({ id, name }: { id: string; name: string }) {
  const status = useMember(id)?.status ?? "offline";
  return (
    <span>
      <i className={`dot ${status}`} title={status} /> {name}
    </span>
  );
}

export const App = () => (
  <RoomProvider url="/rooms/everyone">
    <h1>Release notes</h1>
    <p>
      Written by <Person id="ada" name="Ada" />, reviewed by <Person id="bob" name="Bob" />.
    </p>
  </RoomProvider>
);
