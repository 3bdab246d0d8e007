import { useRef } from "react";
import { createRoomContext } from "rollcall/react";

const Chat = createRoomContext<{ typing: boolean }>();
const STOPPED_MS = 3_000;

function Composer() {
  const room = Chat.useRoom();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  function stop() {
    clearTimeout(timer.current);
    room.setData(null);
  }
  function type() {
    clearTimeout(timer.current);
    timer.current = setTimeout(stop, STOPPED_MS);
    room.setData({ typing: true });
  }
  return <input aria-label="Your message" onInput={type} onBlur={stop} />;
}

function Typing() {
  const self = Chat.useSelf();
  const typing = Chat.useMembers().filter(({ id, data }) => id !== self?.id && data?.typing);
  return <p>{typing.map(({ name }) => `${name} is typing…`).join(" ")}</p>;
}

export const App = () => (
  <Chat.RoomProvider url="/rooms/chat">
    <Composer />
    <Typing />
  </Chat.RoomProvider>
);
