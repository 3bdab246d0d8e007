import { RoomProvider, useMember } from "rollcall/react";
import { windowOf } from "rollcall/window";

function Person({ id, name }: { id: string; name: string }) {
  const status = useMember(id)?.status ?? "offline";
  return (
    <li>
      <i className={`dot ${status}`} title={status} /> {name}
    </li>
  );
}

export const Team = ({ people }: { people: { id: string; name: string }[] }) => (
  <RoomProvider url="/rooms/company" window={windowOf({ limit: 0 })}>
    <ul>
      {people.map(({ id, name }) => (
        <Person key={id} id={id} name={name} />
      ))}
    </ul>
  </RoomProvider>
);
