import { useEffect, useState } from "react";
import { RoomProvider, type Signal, useMember, useRoom, useSignals } from "rollcall/react";
import { signals } from "rollcall/signals";

const SHOWN_MS = 3_000;

function Composer() {
  const room = useRoom();
  return <input aria-label="Your message" onInput={() => room.signal("typing")} />;
}

function Typing() {
  const [last, setLast] = useState<Signal>();
  const person = useMember(last?.from);
  useSignals("typing", setLast);
  useEffect(() => {
    if (!last) return undefined;
    const timer = setTimeout(() => setLast(undefined), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [last]);
  return <p>{person && `${person.name} is typing…`}</p>;
}

export const App = () => (
  <RoomProvider url="/rooms/chat" signals={signals}>
    <Composer />
    <Typing />
  </RoomProvider>
);
