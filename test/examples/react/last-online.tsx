import { RoomProvider, useMember } from "rollcall/react";

const time = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" });

function LastOnline({ id }: { id: string }) {
  const member = useMember(id);
  if (member === undefined) return <p>Not seen lately</p>;
  if (member.lastOnline === null) return <p>Online now</p>;
  return <p>Last online {time.format(new Date(member.lastOnline))}</p>;
}

export const App = () => (
  <RoomProvider url="/rooms/everyone">
    <LastOnline id="bob" />
  </RoomProvider>
);
